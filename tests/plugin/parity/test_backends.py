"""Keras on torch and on JAX: one backend a process, so each has a pytest session of its own."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest
from torch import nn

from pytest_gradferry.parity import record

CONFTEST = """
import sys

sys.modules["tensorflow"] = None  # as where it is not installed

import torch
torch.set_num_threads(1)
"""

MODELS = """
import torch
from torch import nn
import keras
import numpy as np
import pytest
from keras import layers as L

rng = np.random.default_rng(0)
images = rng.normal(size=(4, 3, 6, 8)).astype("float32")
classes = rng.integers(0, 3, 4)
rows = rng.normal(size=(5, 6)).astype("float32")
values = rng.normal(size=(5, 2)).astype("float32")

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4)
        self.drop, self.fc = nn.Dropout(0.5), nn.Linear(4 * 3 * 4, 3)

    def forward(self, x):
        return self.fc(self.drop(torch.relu(self.bn(self.conv(x))).flatten(1)))

class Port(keras.Model):
    def __init__(self, epsilon=1e-5, momentum=0.9, same=False):
        super().__init__()
        self.pad = None if same else L.ZeroPadding2D(1)
        self.conv = L.Conv2D(4, 3, strides=2, padding="same" if same else "valid")
        self.bn = L.BatchNormalization(epsilon=epsilon, momentum=momentum)
        self.flat, self.drop, self.fc = L.Flatten(), L.Dropout(0.5), L.Dense(3)

    def call(self, x, training=None):
        x = self.conv(x if self.pad is None else self.pad(x))
        x = keras.ops.relu(self.bn(x, training=training))
        return self.fc(self.drop(self.flat(x), training=training))

class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.lstm = nn.Embedding(7, 4), nn.LSTM(4, 4, batch_first=True)
        self.attention, self.fc = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 2)

    def forward(self, tokens):
        x, _ = self.lstm(self.emb(tokens))
        return self.fc(x + self.attention(x, x, x, need_weights=False)[0])

class KerasWords(keras.Model):
    def __init__(self):
        super().__init__()
        self.emb, self.lstm = L.Embedding(7, 4), L.LSTM(4, return_sequences=True)
        self.attention, self.fc = L.MultiHeadAttention(2, 2), L.Dense(2)

    def call(self, tokens):
        x = self.lstm(self.emb(tokens))
        return self.fc(x + self.attention(x, x))

def mlp():
    return nn.Sequential(nn.Linear(6, 4), nn.GELU(), nn.LayerNorm(4), nn.Linear(4, 2))

def mlp_port():
    gelu = lambda x: keras.activations.gelu(x, approximate=False)
    norm = L.LayerNormalization(epsilon=1e-5)
    return keras.Sequential([L.Input((6,)), L.Dense(4, activation=gelu), norm, L.Dense(2)])
"""

TESTS = """
import sys
from models import *

def exact(report):
    errors = [r.error for r in report.rungs if r.error is not None and r.name != "float32"]
    assert max(errors) < 1e-9
    return [r.name for r in report.rungs if r.status == "skipped"]

def state(model):
    kept = (v for v in model.variables if "float" in v.dtype)
    return [(id(v._value), v.dtype, v.numpy()) for v in kept]

def test_dense(parity):
    report = parity(mlp(), mlp_port, rows, values, loss="mse", optimizer="adam", steps=3)
    assert not exact(report)

def test_conv_and_batch_norm(parity):
    port = Port()
    port(np.moveaxis(images, 1, -1))
    before = state(port)
    report = parity(Net(), port, images, classes, loss="cross_entropy", steps=3)
    assert not exact(report)
    for was, now in zip(before, state(port), strict=True):
        assert was[:2] == now[:2]
        np.testing.assert_array_equal(was[2], now[2])
    assert port.bn._dtype_policy.name == "float32"
    assert keras.backend.result_type("float64") == "float32"
    assert type(keras.layers.Layer.__call__).__name__ == "function"

def test_the_other_direction(parity):
    report = parity(Port(), Net(), np.moveaxis(images, 1, -1), classes, loss="cross_entropy",
                    optimizer="momentum", steps=3)
    assert not exact(report)

def test_recurrent_and_attention(parity):
    report = parity(Words(), KerasWords(), rng.integers(0, 7, (2, 3)))
    exact(report)
    assert report.rung("gradients").status == "pass"
    assert report.rung("structure").detail.startswith("4 layers")

def test_a_reference_recorded_elsewhere(parity):
    exact(parity.replay("ref.safetensors", mlp_port))

def test_tensors_of_the_backend(parity):
    inputs = keras.ops.convert_to_tensor(rows)
    exact(parity(mlp_port(), mlp(), inputs, port_inputs=torch.from_numpy(rows)))

def cause(report):
    assert not report.passed
    (finding,) = report.findings
    assert finding.after < 1e-9 < finding.before
    return report.failed_rung, finding.change

def test_wrong_padding(parity):
    report = parity.report(Net(), Port(same=True), images, classes, loss="cross_entropy", steps=3)
    _, change = cause(report)
    assert "1 before, 1 after" in change
    assert "conv (Conv2d) / conv (Conv2D)" in report.divergence
    assert report.findings[0].rule == "XFR502"

def test_wrong_momentum(parity):
    report = parity.report(Net(), Port(momentum=0.99), images, classes, loss="cross_entropy",
                           steps=3)
    assert [r.name for r in report.rungs if r.status == "FAIL"] == ["settings", "eval-after"]
    assert cause(report)[1] == "momentum=0.9"

def test_wrong_from_logits(parity):
    loss = nn.CrossEntropyLoss(), keras.losses.SparseCategoricalCrossentropy()
    reference = nn.Sequential(nn.Linear(6, 3))
    port = keras.Sequential([L.Input((6,)), L.Dense(3)])
    targets = rng.integers(0, 3, 5)
    report = parity.report(reference, port, rows, targets, loss=loss, steps=3)
    assert cause(report) == ("loss", "from_logits=True")

def test_tensorflow_is_not_needed():
    assert sys.modules["tensorflow"] is None
"""


def run(path, backend, tests):
    (path / "conftest.py").write_text(CONFTEST)
    (path / "models.py").write_text(MODELS)
    (path / "test_ports.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    # JAX compiles each operation for each shape: most of the time goes there.
    jax = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_backend_optimization_level=0"}
    environment = os.environ | {"KERAS_BACKEND": backend} | jax
    # NumPy 2 asks Keras' variables for a keyword they do not know.
    warnings = ["-W", "error", "-W", "ignore:__array__:DeprecationWarning"]
    done = subprocess.run(
        [*command, *warnings], cwd=path, env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_right_and_wrong_ports(tmp_path, backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed, so Keras cannot run on it here")
    x, y = np.random.default_rng(0).normal(size=(5, 6)), np.arange(10.0).reshape(5, 2)
    net = nn.Sequential(nn.Linear(6, 4), nn.GELU(), nn.LayerNorm(4), nn.Linear(4, 2))
    record(net, x, y, loss="mse", optimizer="adam", steps=3, to=tmp_path / "ref.safetensors")
    code, output = run(tmp_path, backend, TESTS)
    assert code == 0, output
    assert "10 passed" in output
