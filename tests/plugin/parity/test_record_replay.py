"""A reference recorded in one environment, a port compared with it in another."""

import json
import os
import struct
import subprocess
import sys

import keras
import numpy as np
import pytest
import torch
from keras import layers as L
from safetensors.numpy import save_file
from torch import nn

from pytest_gradferry.parity import ParityInputError, record, replay


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4)
        self.drop, self.fc = nn.Dropout(0.5), nn.Linear(4 * 3 * 4, 3)

    def forward(self, x):
        return self.fc(self.drop(torch.relu(self.bn(self.conv(x))).flatten(1)))


class Port(keras.Model):
    def __init__(self, epsilon=1e-5, momentum=0.9, same=False, activation="relu"):
        super().__init__()
        self.pad = None if same else L.ZeroPadding2D(1)
        self.conv = L.Conv2D(4, 3, strides=2, padding="same" if same else "valid")
        self.bn = L.BatchNormalization(epsilon=epsilon, momentum=momentum)
        self.act, self.flat = L.Activation(activation), L.Flatten()
        self.drop, self.fc = L.Dropout(0.5), L.Dense(3)

    def call(self, x, training=None):
        x = self.conv(x if self.pad is None else self.pad(x))
        x = self.act(self.bn(x, training=training))
        return self.fc(self.drop(self.flat(x), training=training))


@pytest.fixture
def batch(rng):
    return rng.normal(size=(4, 3, 6, 8)).astype(np.float32), rng.integers(0, 3, 4)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "ref.safetensors"


def exact(report, skipped=()):
    assert report.passed, report.text()
    errors = [r.error for r in report.rungs if r.error is not None and r.name != "float32"]
    assert max(errors) < 1e-9
    assert [r.name for r in report.rungs if r.status == "skipped"] == list(skipped)


def proven(report):
    assert not report.passed
    (finding,) = report.findings
    assert finding.after < 1e-9 < finding.before
    return report.failed_rung, finding.change


TRAINED = {"loss": "cross_entropy", "steps": 3}


# -- right ports ----------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_torch_to_keras(parity, batch, file, optimizer):
    assert parity.record(Net(), *batch, to=file, optimizer=optimizer, **TRAINED) == file
    report = parity.replay(file, Port)
    exact(report)
    assert report.rung("eval-after").status == "explained"
    assert "Bessel" in report.rung("eval-after").detail
    assert report.reference == "Net (torch, recorded)"


def test_keras_to_torch(parity, batch, file):
    x, y = batch
    record(Port(), np.moveaxis(x, 1, -1), y, to=file, optimizer="adam", **TRAINED)
    exact(replay(file, Net()))


def test_torch_to_torch(batch, file):
    record(Net(), *batch, to=file, optimizer="momentum", **TRAINED)
    port = Net()
    before = [p.detach().clone() for p in port.parameters()]
    exact(replay(file, port))
    assert all(map(torch.equal, before, port.parameters()))


def test_keras_to_keras(batch, file):
    x, y = batch
    record(Port(), np.moveaxis(x, 1, -1), y, to=file, **TRAINED)
    exact(replay(file, Port()))


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.lstm = nn.Embedding(7, 4), nn.LSTM(4, 4, batch_first=True)
        self.gru = nn.GRU(4, 3, batch_first=True, bidirectional=True)
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
        self.norm, self.fc = nn.LayerNorm(6), nn.Linear(6, 2)

    def forward(self, tokens):
        x, _ = self.gru(self.lstm(self.emb(tokens))[0])
        x = self.norm(x + self.attention(x, x, x, need_weights=False)[0])
        return {"last": self.fc(x[:, -1]), "mean": x.mean(1)}


class KerasWords(keras.Model):
    def __init__(self, activation="sigmoid", epsilon=1e-5):
        super().__init__()
        self.emb = L.Embedding(7, 4)
        self.lstm = L.LSTM(4, return_sequences=True, recurrent_activation=activation)
        self.gru = L.Bidirectional(L.GRU(3, return_sequences=True))
        self.attention = L.MultiHeadAttention(2, 3)
        self.norm, self.fc = L.LayerNormalization(epsilon=epsilon), L.Dense(2)

    def call(self, tokens):
        x = self.gru(self.lstm(self.emb(tokens)))
        x = self.norm(x + self.attention(x, x))
        return {"last": self.fc(x[:, -1]), "mean": keras.ops.mean(x, 1)}


def squared(outputs, targets):
    return ((outputs["last"] - targets) ** 2).mean() + (outputs["mean"] ** 2).mean()


def keras_squared(targets, outputs):
    square, mean = keras.ops.square, keras.ops.mean
    return mean(square(outputs["last"] - targets)) + mean(square(outputs["mean"]))


@pytest.fixture
def sentences(rng):
    return rng.integers(0, 7, (3, 5)), rng.normal(size=(3, 2))


def test_recurrent_attention_dicts_and_a_loss_of_ones_own(sentences, file):
    record(Words(), *sentences, to=file, loss=squared, optimizer="adam", steps=3)
    exact(replay(file, KerasWords(), loss=keras_squared))
    exact(replay(file, Words(), loss=squared))


def test_recurrent_the_other_way(sentences, file):
    record(KerasWords(), *sentences, to=file, loss=keras_squared, steps=3)
    exact(replay(file, Words(), loss=squared))


def test_without_a_loss_a_projection_is_differentiated(batch, file):
    record(Net, batch[0], to=file)
    exact(replay(file, Port), skipped=["loss", "one-step", "curve", "eval-after"])


def test_own_weights(batch, file):
    reference = Net()
    record(reference, *batch, to=file, **TRAINED)
    port = Net()
    port.load_state_dict(reference.state_dict())
    assert replay(file, port, weights="own").rung("weights").detail == "the port's own"
    with torch.no_grad():
        port.fc.weight.mul_(1.5)
    with pytest.raises(AssertionError, match=r"fc.weight: not the reference's weights"):
        replay(file, port, weights="own")


def test_a_model_that_cannot_do_float64_is_recorded_in_float32(rng, file):
    class Single(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(5, 3)

        def forward(self, x):
            return self.fc(x) @ torch.ones(3, 3, dtype=torch.float32)

    record(Single(), rng.normal(size=(4, 5)), rng.integers(0, 3, 4), to=file, **TRAINED)

    class Port(keras.Model):
        def __init__(self):
            super().__init__()
            self.fc = L.Dense(3)

        def call(self, x):
            x = self.fc(x)
            return x @ keras.ops.ones((3, 3), dtype=x.dtype)

    report = replay(file, Port())
    assert report.dtype == "float32"
    assert [r.name for r in report.rungs if r.status == "skipped"] == ["float32"]


def test_a_padding_row_was_trained_in_the_record(rng, file):
    x, y = rng.integers(0, 5, (3, 4)), rng.normal(size=(3, 4, 2))
    port = keras.Sequential([L.Input((4,), dtype="int32"), L.Embedding(5, 3), L.Dense(2)])
    record(port, x, y, to=file, loss="mse", steps=3)
    net = nn.Sequential(nn.Embedding(5, 3, padding_idx=1), nn.Linear(3, 2))
    report = replay(file, net)
    exact(report, skipped=["one-step", "curve", "eval-after"])
    assert "padding_idx" in report.rung("curve").detail


# -- wrong ports ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "rung", "change"),
    [
        ({"epsilon": 1e-3}, "settings", "epsilon=1e-05"),
        ({"momentum": 0.99}, "settings", "momentum=0.9"),
        ({"same": True}, "forward-eval", "1 before, 1 after"),
        ({"activation": "tanh"}, "forward-eval", "relu"),
    ],
)
def test_wrong_keras_ports(parity, batch, file, wrong, rung, change):
    parity.record(Net(), *batch, to=file, **TRAINED)
    failed, said = proven(parity.replay_report(file, Port(**wrong)))
    assert failed == rung
    assert change in said


def test_wrong_torch_port_of_keras_and_of_torch(parity, batch, file):
    x, y = batch
    wrong = Net()
    wrong.bn.eps = 1e-3
    record(Port(), np.moveaxis(x, 1, -1), y, to=file, **TRAINED)
    assert proven(parity.replay_report(file, wrong))[1] == "eps=1e-05"
    assert wrong.bn.eps == 1e-3
    record(Net(), x, y, to=file, **TRAINED)
    report = parity.replay_report(file, wrong)
    assert proven(report)[1] == "eps=1e-05"
    assert "bn (BatchNorm2d) / bn (BatchNorm2d)" in report.divergence


def test_wrong_recurrent_port(parity, sentences, file):
    record(Words(), *sentences, to=file, loss=squared, steps=3)
    report = parity.replay_report(file, KerasWords("hard_sigmoid"), loss=keras_squared)
    assert "recurrent_activation=sigmoid" in proven(report)[1]


SCCE = keras.losses.SparseCategoricalCrossentropy
CE = nn.CrossEntropyLoss

# The recorded loss, the port's, and what is proven.
LOSSES = {
    "probabilities in Keras": (CE(), SCCE(), "from_logits=True"),
    "a sum in Keras": (CE(), SCCE(from_logits=True, reduction="sum"), "the port's loss / 4"),
    "a sum in torch": (SCCE(from_logits=True), CE(reduction="sum"), "the port's loss / 4"),
    "smoothed in the port": (
        CE(),
        CE(label_smoothing=0.2),
        "label_smoothing=0",
    ),
    "smoothed in the record": (CE(label_smoothing=0.1), CE(), "label_smoothing=0.1"),
    "a constant more": (CE(), lambda y, t: nn.functional.cross_entropy(y, t) + 1, "-1 on"),
    "a factor": (CE(), lambda y, t: 3 * nn.functional.cross_entropy(y, t), "the port's loss / 3"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_wrong_loss(parity, batch, file, name):
    theirs, ours, change = LOSSES[name]
    x, y = batch
    of_keras = isinstance(theirs, keras.losses.Loss)
    record(
        Port() if of_keras else Net(),
        np.moveaxis(x, 1, -1) if of_keras else x,
        y,
        to=file,
        loss=theirs,
        steps=3,
    )
    port = Port() if isinstance(ours, keras.losses.Loss) else Net()
    rung, proof = proven(parity.replay_report(file, port, loss=ours))
    assert rung == "loss"
    assert proof.startswith(change)


def test_another_formula(parity, rng, file):
    x = rng.normal(size=(4, 5))
    model = nn.Linear(5, 5)
    record(nn.Sequential(model), x, x, to=file, loss=nn.MSELoss(), steps=3)
    report = parity.replay_report(file, nn.Sequential(model), loss=nn.L1Loss())
    assert proven(report) == ("loss", "mse")


def test_wrong_loss_is_shown_and_not_guessed_at(parity, batch, file):
    record(Net(), *batch, to=file, loss=nn.CrossEntropyLoss(weight=torch.arange(1.0, 4)), steps=3)
    report = parity.replay_report(file, Net(), loss=nn.CrossEntropyLoss())
    assert report.failed_rung == "loss"
    assert not report.findings
    assert "the reference is a record" in report.unexplained


def test_dropout_that_never_rests(parity, rng, file):
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(30, 20)

        def forward(self, x):
            return nn.functional.dropout(self.fc(x), 0.5)

    record(Noisy(), rng.normal(size=(4, 30)), to=file)
    port = keras.Sequential([L.Input((30,)), L.Dense(20), L.Dropout(0.5)])
    report = parity.replay_report(file, port)
    assert report.failed_rung == "forward-eval"
    (finding,) = report.findings
    assert finding.rule == "XFR310"
    assert finding.after < 1e-9


def test_other_layers_are_listed_side_by_side(parity, batch, file):
    record(nn.Sequential(nn.Flatten(), nn.Linear(144, 3)), *batch, to=file, **TRAINED)
    port = keras.Sequential([L.Input((6, 8, 3)), L.Flatten(), L.Dense(4), L.Dense(3)])
    report = parity.replay_report(file, port)
    assert report.failed_rung == "structure"
    assert "!  reference  1: Linear" in report.rung("structure").detail


# -- the environments -----------------------------------------------------------------------------

MODELS = """
import sys
for name in {blocked!r}:
    sys.modules[name] = None  # as where it is not installed
import numpy as np
x = np.random.default_rng(0).normal(size=(4, 5, 6)).astype("float32")
"""
RECORD = """
import torch
from torch import nn
from pytest_gradferry.parity import record
torch.set_num_threads(1)
net = nn.Sequential(nn.Linear(6, 4), nn.LayerNorm(4), nn.ReLU(), nn.Flatten(), nn.Linear(20, 3))
record(net, x, np.arange(4) % 3, loss="cross_entropy", optimizer="adam", to="ref.safetensors")
assert "keras" not in sys.modules or sys.modules["keras"] is None
"""
REPLAY = """
import keras
from keras import layers as L
from pytest_gradferry.parity import Parity
def port(epsilon, activation="relu"):
    norm = L.LayerNormalization(epsilon=epsilon)
    hidden = [L.Dense(4), norm, L.Activation(activation), L.Flatten()]
    return keras.Sequential([L.Input((5, 6)), *hidden, L.Dense(3)])
parity = Parity()
report = parity.replay("ref.safetensors", port(1e-5))
assert max(r.error for r in report.rungs[3:10]) < 1e-9
print(parity.replay_report("ref.safetensors", port(1e-3)).text())
print(parity.replay_report("ref.safetensors", port(1e-5, "silu")).text())
"""

KERAS_RECORD = """
import keras
from keras import layers as L
from pytest_gradferry.parity import record
hidden = [L.Dense(4, activation="relu"), L.LayerNormalization(epsilon=1e-5), L.Flatten()]
model = keras.Sequential([L.Input((5, 6)), *hidden, L.Dense(3)])
record(model, x, np.arange(4) % 3, loss="cross_entropy", to="ref.safetensors")
"""
TORCH_REPLAY = """
import torch
from torch import nn
from pytest_gradferry.parity import Parity
torch.set_num_threads(1)
def port(activation):
    hidden = [nn.Linear(6, 4), activation, nn.LayerNorm(4), nn.Flatten()]
    return nn.Sequential(*hidden, nn.Linear(20, 3))
parity = Parity()
report = parity.replay("ref.safetensors", port(nn.ReLU()))
assert max(r.error for r in report.rungs[3:10]) < 1e-9
print(parity.replay_report("ref.safetensors", port(nn.Tanh())).text())
"""


def run(path, blocked, script):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore:__array__:DeprecationWarning", "-c",
         MODELS.format(blocked=blocked) + script],
        cwd=path, env=os.environ | {"KERAS_BACKEND": "tensorflow"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_neither_environment_has_the_others_framework(tmp_path):
    run(tmp_path, ["tensorflow", "keras"], RECORD)
    said = run(tmp_path, ["torch"], REPLAY)
    assert "with epsilon=1e-05 the difference drops from" in said
    assert "the port has silu, the reference relu: with relu the difference drops" in said


def test_nor_the_other_way(tmp_path):
    run(tmp_path, ["torch"], KERAS_RECORD)
    said = run(tmp_path, ["tensorflow", "keras"], TORCH_REPLAY)
    assert "the port has tanh, the reference relu: with relu the difference drops" in said


# -- files ----------------------------------------------------------------------------------------


@pytest.fixture
def recorded(rng, file):
    record(nn.Sequential(nn.Linear(5, 3)), rng.normal(size=(4, 5)), to=file)
    return file


def port():
    return keras.Sequential([L.Input((5,)), L.Dense(3)])


def refused(path, **options):
    with pytest.raises(ParityInputError) as error:
        replay(path, port(), **options)
    return str(error.value)


def test_a_missing_file(tmp_path):
    assert "there is no record at" in refused(tmp_path / "none.safetensors")


@pytest.mark.parametrize("kept", [0, 5, 40, -1])
def test_a_truncated_file(recorded, kept):
    recorded.write_bytes(recorded.read_bytes()[:kept])
    assert "is no record, or was cut short" in refused(recorded)


def test_foreign_files(tmp_path):
    path = tmp_path / "foreign.safetensors"
    path.write_text("not a record at all, but text that goes on for a while")
    assert "is no record, or was cut short" in refused(path)
    save_file({"weight": np.zeros(3)}, path, {"format": "pt"})
    assert "a safetensors file, but no record" in refused(path)


def test_a_changed_array(recorded):
    data = bytearray(recorded.read_bytes())
    data[-1] ^= 1
    recorded.write_bytes(data)
    assert "was changed after it was recorded" in refused(recorded)


def rewritten(path, change):
    """The file with its header's metadata changed."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    change(header["__metadata__"])
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size :])


def test_a_changed_header(recorded):
    rewritten(recorded, lambda m: m.update(record=m["record"].replace("Sequential", "Functional")))
    assert "was changed after it was recorded" in refused(recorded)


def test_another_version(recorded):
    rewritten(recorded, lambda m: m.update(version="2"))
    assert "a record of version 2, and this gradferry reads version 1" in refused(recorded)


def test_what_cannot_be_recorded(rng, file):
    model, x, y = nn.Sequential(nn.Linear(5, 3)), rng.normal(size=(4, 5)), rng.integers(0, 3, 4)
    for message, options in {
        "unknown loss 'crossentropy'": {"loss": "crossentropy"},
        "trained by a named optimizer": {"loss": "mse", "optimizer": torch.optim.Adam},
        "unknown optimizer 'lion'": {"loss": "mse", "optimizer": "lion"},
        "targets were given without a loss": {},
    }.items():
        with pytest.raises(ParityInputError, match=message):
            record(model, x, y, to=file, **options)
    with pytest.raises(ParityInputError, match="cannot write the record"):
        record(model, x, to=file / "no" / "folder")
    assert not file.exists()


def test_options_that_do_not_go_with_the_record(rng, file, recorded):
    assert "recorded without a loss" in refused(file, loss="mse")
    assert 'give weights="reference" or "own"' in refused(file, weights="port")
    x, y = rng.normal(size=(4, 5)), rng.normal(size=(4, 3))
    record(nn.Sequential(nn.Linear(5, 3)), x, y, loss="mse", to=file)
    assert "recorded with loss='mse'" in refused(file, loss="l1")
    record(nn.Sequential(nn.Linear(5, 3)), x, y, loss=nn.MSELoss(), to=file)
    assert "give the port's, loss=..., as keras calls it" in refused(file)
    assert replay(file, port(), loss=keras.losses.MeanSquaredError()).passed
