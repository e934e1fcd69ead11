"""`gradferry parity A B --shape ...`."""

import json
import sys
import time

import pytest

from flake8_gradferry.__main__ import main
from pytest_gradferry.commands import shared

MODELS = """
import keras
from keras import layers as L
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3))
        self.head = nn.Linear(3, 4)
    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))

def same(epsilon=1e-5, padding="same"):
    return keras.Sequential([L.Input((6, 6, 2)), L.Conv2D(3, 3, padding=padding),
        L.BatchNormalization(momentum=0.9, epsilon=epsilon),
        L.GlobalAveragePooling2D(), L.Dense(4)])

def other():
    return same(1e-3)

class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.out = nn.Embedding(7, 4), nn.Linear(4, 7)
    def forward(self, x, y=None):
        return self.out(self.embed(x))

def tokens():
    return keras.Sequential([L.Embedding(7, 4), L.Dense(7)])

class Two(Tokens):
    def forward(self, x):
        return super().forward(x), self.embed(x)
instance = Net()
"""


@pytest.fixture
def models(tmp_path, monkeypatch):
    name = f"models_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    yield name
    sys.modules.pop(name, None)


def run(models, reference, port, *arguments):
    return main(["parity", f"{models}:{reference}", f"{models}:{port}", *arguments])


@pytest.mark.parametrize("reference", ["Net", "instance"])
def test_equal(models, capsys, reference):
    arguments = ["--shape=4,2,6,6", "--loss=cross_entropy", "--optimizer=adam", "--steps=3"]
    assert run(models, reference, "same", *arguments) == 0
    printed = capsys.readouterr()
    assert "equals Net (torch)" in printed.out
    assert "3 steps" in printed.out
    assert "pass       curve" in printed.out


@pytest.mark.parametrize(
    "loss", ["cross_entropy", "mse", "l1", "bce_with_logits", "huber", "kl_div"]
)
def test_targets_suit_the_loss(models, capsys, loss):
    shape = "--shape=4,6,6,2"
    assert run(models, "same", "Net", shape, f"--loss={loss}", "--steps=2") == 0
    assert "2 steps" in capsys.readouterr().out


def test_different(models, capsys, tmp_path):
    assert run(models, "Net", "other", "--shape=4,2,6,6", "--report", str(tmp_path / "r")) == 1
    printed = capsys.readouterr().out
    assert "cause: epsilon of" in printed
    assert f"report: {tmp_path / 'r' / 'gradferry.html'}" in printed
    [result] = json.loads((tmp_path / "r" / "gradferry.json").read_text("utf-8"))["results"]
    assert result["test"] == f"{models}:Net against {models}:other"
    assert not result["passed"]
    assert [layer["error"] > 1e-7 for layer in result["layers"]] == [False, True, True]
    assert result["mapping"][0] == {
        "reference": "body.0.weight",
        "reference_shape": [3, 2, 3, 3],
        "port": result["mapping"][0]["port"],
        "port_shape": [3, 3, 2, 3],
    }


def test_tokens(models, capsys):
    assert run(models, "Tokens", "tokens", "--shape=4,5", "--tokens=7") == 0
    assert "no loss was given" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("reference", "port", "arguments", "said"),
    [
        ("Nope", "same", ["--shape=4,2,6,6"], "Nope cannot be had: AttributeError"),
        ("Net", "same", ["--shape=4,3,6,6"], "to have 2 channels"),
        ("Net", "Net", ["--shape=4,2,6,6"], "both models are torch models"),
        ("Net", "same", ["--shape=4,2,6,6", "--loss=mae"], "mae"),
        ("Net", "same", ["--shape=4,2,6,6", "--loss=mse", "--steps=0"], "at least 1"),
        ("Two", "tokens", ["--shape=4,5", "--tokens=7", "--loss=mse"], "returns 2 outputs"),
    ],
)
def test_bad_input_is_one_line(models, capsys, reference, port, arguments, said):
    assert run(models, reference, port, *arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("gradferry: ")
    assert said in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("models", "names no model: give module:name"),
        ("no_such_module:Net", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_a_path_that_leads_nowhere(path, said):
    with pytest.raises(LookupError, match=said):
        shared.load(path)


@pytest.mark.parametrize("shape", ["8,x", "", "0,3", "8,-1"])
def test_a_shape_that_is_none(capsys, shape):
    with pytest.raises(SystemExit) as stopped:
        main(["parity", "a:b", "c:d", f"--shape={shape}"])
    assert stopped.value.code == 2
    assert "is no shape" in capsys.readouterr().err


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_on_a_terminal(capsys, monkeypatch, terminal):
    monkeypatch.setenv("TTY_COMPATIBLE", str(int(terminal)))
    with shared.progress(("structure", "loss")) as tell:
        tell("structure")
        tell("loss: trying a thing")
        time.sleep(0.3)  # the bar draws itself ten times a second
    printed = capsys.readouterr()
    assert ("loss: trying a thing" in printed.err) is terminal
    assert not printed.out
