"""`gradferry smoke MODEL --shape ...`."""

import json
import shlex
import subprocess
import sys

import pytest
import torch

from flake8_gradferry.__main__ import main
from pytest_gradferry.smoke.checks import checks

MODELS = """
import keras
import numpy as np
import torch
from keras import layers as L
from torch import nn

class Net(nn.Module):
    def __init__(self, *tail):
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.Tanh())
        self.head = nn.Sequential(nn.Linear(8, 3), *tail)
    def forward(self, x):
        return self.head(self.body(x))

instance = Net().double().eval()

def softmax():
    return Net(nn.Softmax(-1))

def one_output():
    net = Net()
    net.head = nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())
    return net

class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.out = nn.Embedding(7, 4), nn.Linear(4, 7)
    def forward(self, x):
        return self.out(self.embed(x)).movedim(-1, 1)

class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(4, 3), nn.Linear(5, 3)
    def forward(self, a, b):
        return self.left(a) + self.right(b)

class Two(nn.Linear):
    def __init__(self):
        super().__init__(4, 3)
    def forward(self, x):
        y = super().forward(x)
        return y, y

def dense(activation=None):
    return keras.Sequential([L.Input((4,)), L.Dense(8, "tanh"), L.Dense(3, activation)])

def compiled(loss="sparse_categorical_crossentropy", activation="softmax"):
    model = dense(activation)
    model.compile("sgd", loss)
    return model

def compiled_object():
    return compiled(keras.losses.CategoricalCrossentropy(from_logits=True), None)

def compiled_function():
    return compiled(keras.losses.binary_crossentropy, "sigmoid")

def own_loss(target, output):
    return keras.ops.mean((keras.ops.cast(target, "float32") - output[:, 0]) ** 2)

def compiled_own():
    return compiled(own_loss)

class Keras(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc = L.Dense(3)
    def call(self, x):
        return self.fc(x)

def batch():
    return Net(), np.ones((8, 12), "float32"), np.arange(8) % 3

def loop(clear=True):
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    def step(x, y):
        if clear:
            optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss
    return model, torch.randn(8, 12), torch.arange(8) % 3, step

def leaky():
    return loop(clear=False)

def arguments():
    model, x, y = batch()
    return {"model": model, "inputs": x, "targets": y, "loss": "cross_entropy", "steps": 4,
            "skip": ["learns"]}

def long_tuple():
    return (Net(),) * 5

def strange_key():
    return {"model": Net(), "lr": 0.1}

def no_model():
    return {"inputs": 1}

def needs(an_argument):
    pass

def broken():
    raise KeyError("weights.pt")

number = 3
"""


@pytest.fixture
def models(tmp_path, monkeypatch):
    name = f"smoke_models_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield name
    torch.set_num_threads(threads)
    sys.modules.pop(name, None)


def run(models, name, *arguments):
    return main(["smoke", f"{models}:{name}", *arguments])


FAST = ("--steps=12", "--skip=save-load,batch-independence,reproducible", "--skip", "modes")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Net", ["--shape=8,3,4", "--loss=cross_entropy"]),
        ("Net", ["--shape=8,3,4", "--loss=kl_div"]),
        ("instance", ["--shape=8,12", "--loss=mse", "--optimizer=sgd"]),
        ("Tokens", ["--shape=8,5", "--tokens=7", "--loss=cross_entropy"]),
        ("Pair", ["--shape=8,4", "--shape=8,5", "--loss=huber"]),
        ("dense", ["--shape=8,4", "--loss=cross_entropy"]),
        ("dense", ["--shape=8,4", "--loss=cosine_similarity"]),
        ("Keras", ["--shape=8,4", "--loss=bce_with_logits"]),
        ("compiled", ["--shape=8,4"]),
        ("compiled_object", ["--shape=8,4"]),
        ("compiled_function", ["--shape=8,4"]),
        ("compiled_own", ["--shape=8,4", "--classes=3"]),
        ("batch", ["--loss=cross_entropy"]),
        ("loop", []),
        ("arguments", []),
    ],
)
def test_sound(models, capsys, name, arguments):
    assert run(models, name, *arguments, *FAST) == 0
    printed = capsys.readouterr()
    assert "checks, none failed" in printed.out
    assert "replay" not in printed.out
    assert printed.err == ""


def test_what_the_function_says_holds_unless_an_option_says_otherwise(models, tmp_path):
    def result(*arguments):
        run(models, "arguments", "--report=r", *arguments)
        [found] = json.loads((tmp_path / "r/gradferry.json").read_text("utf-8"))["results"]
        return found

    found = result("--only=learns,finite")
    assert len(found["losses"]) == 4
    assert list(found["outcomes"]) == ["finite"]  # skip=["learns"] is the function's
    assert len(result("--steps=6", "--skip=finite")["losses"]) == 6
    assert "learns" in result("--skip=finite")["outcomes"]


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("softmax", ["--shape=8,12", "--loss=cross_entropy"], "lint:  XFR401"),
        ("leaky", [], "lint:  XFR202 missing-zero-grad"),
        ("one_output", ["--shape=8,12", "--loss=bce_with_logits"], "XFR406"),
    ],
)
def test_a_mistake_is_told_and_the_run_can_be_done_again(models, capsys, name, arguments, said):
    assert run(models, name, *arguments, "--seed=5", "--report=r") == 1
    first = capsys.readouterr().out
    assert said in first
    assert "report: r/gradferry.html" in first
    replay = next(line for line in first.splitlines() if line.startswith("replay: "))
    assert replay.endswith(" --seed 5")
    words = shlex.split(replay)
    assert words[1] == "gradferry"
    sys.modules.pop(models)
    assert main(words[2:]) == 1
    assert capsys.readouterr().out == first.replace("report: r/gradferry.html\n", "")


def test_a_process_of_its_own_draws_the_same(models, tmp_path):
    """There the framework is imported, and could be seeded, only when the model is."""
    arguments = ["smoke", f"{models}:loop", "--seed=5", "--steps=3", "--report=r", "--only=finite"]

    def losses():
        [found] = json.loads((tmp_path / "r/gradferry.json").read_text("utf-8"))["results"]
        return found["losses"]

    assert main(arguments) == 0
    here = losses()
    command = [sys.executable, "-m", "flake8_gradferry", *arguments]
    subprocess.run(command, check=True, capture_output=True)
    assert losses() == pytest.approx(here, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("Nope", ["--shape=8,4"], "Nope cannot be had: AttributeError"),
        ("number", ["--shape=8,4"], "cannot train a builtins.int"),
        ("Net", [], "--shape is missing"),
        ("Net", ["--shape=8,12"], "pass loss=..., e.g. loss='cross_entropy'"),
        ("Net", ["--shape=8,5", "--loss=mse"], "Net raised when called on inputs (8, 5) float32"),
        ("Net", ["--shape=8,12", "--loss=mae"], "unknown loss 'mae': known names are"),
        ("Net", ["--shape=8,12", "--loss=mse", "--optimizer=adamn"], "unknown optimizer 'adamn'"),
        ("Net", ["--shape=8,12", "--loss=mse", "--only=learn"], "only: unknown check 'learn'"),
        ("Net", ["--shape=8,12", "--loss=mse", "--steps=1"], "steps=1: give a whole number"),
        ("Two", ["--shape=8,4", "--loss=mse"], "the model returns 2 outputs: name a function"),
        ("compiled_own", ["--shape=8,4"], "which targets suit the loss own_loss? Give --classes"),
        ("batch", ["--shape=8,12", "--loss=mse"], "brings its inputs: leave --shape out"),
        ("long_tuple", [], "returned a tuple of 5: return (model, inputs), "),
        ("strange_key", [], "returned a dict with the key 'lr': its keys may be model, inputs, "),
        ("no_model", [], "returned a dict with no key 'model'"),
        ("needs", ["--shape=8,4"], "needs raised when called: TypeError: needs() missing 1"),
        ("broken", ["--shape=8,4"], "broken raised when called: KeyError: 'weights.pt' (/"),
    ],
)
def test_bad_input_is_one_line(models, capsys, name, arguments, said):
    assert run(models, name, *arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("gradferry: ")
    assert said in printed.err
    assert printed.err.count("\n") == 1


def test_the_line_of_the_users_own_error_is_named(models, capsys, tmp_path):
    run(models, "broken", "--shape=8,4")
    line = MODELS[: MODELS.index('raise KeyError("weights')].count("\n") + 1
    assert f"({tmp_path / models}.py:{line})" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("smoke a:b", "--classes=0"),
        ("smoke a:b", "--tokens=x"),
        ("smoke a:b", "--seed=-1"),
        ("parity a:b c:d --shape=1", "--tokens=0"),
        ("parity a:b c:d --shape=1", "--seed=2147483648"),
    ],
)
def test_a_number_that_is_none(capsys, command, option):
    with pytest.raises(SystemExit) as stopped:
        main([*command.split(), option])
    assert stopped.value.code == 2
    assert "give a whole number, at least " in capsys.readouterr().err


def test_the_checks_are_listed(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["smoke", "--list"])
    assert stopped.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(checks())
    assert any(line.endswith("hold no NaN and no infinity.") for line in lines)


def test_a_lightning_module(models, capsys, tmp_path):
    pytest.importorskip("lightning")
    code = """
import torch
from lightning.pytorch import LightningModule

class Module(LightningModule):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 3)
    def training_step(self, batch):
        x, y = batch
        return torch.nn.functional.cross_entropy(self.fc(x), y)
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)
"""
    with (tmp_path / f"{models}.py").open("a") as file:
        file.write(code)
    assert run(models, "Module", "--shape=8,4", "--classes=3", *FAST) == 0
    assert "training_smoke of Module" in capsys.readouterr().out
