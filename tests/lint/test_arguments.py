"""How calls fill the signatures of the frameworks' constructors, and what a value surely is."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from flake8_gradferry.source.arguments import (
    Arguments,
    arguments,
    last_name,
    made_in,
    number,
    settled,
)
from flake8_gradferry.source.walk import File

IMPORTS = """\
from functools import partial
import keras
import torch
from keras.layers import Convolution2D as C
from torch import nn
"""


def bound(call: str) -> Arguments | None:
    file = File(ast.parse(IMPORTS + call))
    return arguments(file, file.index[ast.Call][0])


def given(call: str) -> dict[str, str]:
    made = bound(call)
    assert made is not None
    return {name: ast.unparse(node) for name, node in made.given.items()}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("nn.Linear(8, 4)", {"in_features": "8", "out_features": "4"}),
        ("nn.Linear(8, bias=False, out_features=4)", {"bias": "False"}),
        ("nn.BatchNorm2d(8, 0.8)", {"num_features": "8", "eps": "0.8"}),
        ("nn.LSTM(4, 8, 2, True, False, 0.5)", {"num_layers": "2", "dropout": "0.5"}),
        ("keras.layers.Conv2D(3, 16, 3)", {"filters": "3", "kernel_size": "16", "strides": "3"}),
        ("torch.optim.SGD(p, 0.1, 0.9)", {"params": "p", "lr": "0.1", "momentum": "0.9"}),
        ("partial(nn.BatchNorm2d, momentum=0.9)", {"momentum": "0.9"}),
        ("partial(nn.Linear, 8)", {"in_features": "8"}),
        ("nn.Linear(8, *sizes)", {"in_features": "8"}),
    ],
)
def test_arguments_by_name(call: str, expected: dict[str, str]) -> None:
    assert expected.items() <= given(call).items()


def test_what_does_not_fit() -> None:
    made = bound("keras.layers.Conv2D(3, 16, kernel_size=3, bias=False)")
    assert made is not None
    assert (made.twice, list(made.unknown), made.missing) == (("kernel_size",), ["bias"], ())
    made = bound("nn.Linear(8)")
    assert made is not None
    assert made.missing == ("out_features",)
    made = bound("nn.ReLU(True, 1, 2)")
    assert made is not None
    assert [ast.unparse(node) for node in made.surplus] == ["1", "2"]
    made = bound("nn.Sequential(a, b)")
    assert made is not None
    assert made.surplus == ()


@pytest.mark.parametrize(
    "call", ["nn.Linear(8, *rest)", "nn.Linear(**options)", "partial(nn.Linear, 8)"]
)
def test_what_is_left_out_cannot_be_seen(call: str) -> None:
    made = bound(call)
    assert made is not None
    assert not made.complete
    assert made.missing == ()
    assert not made.leaves_out("bias")


def test_what_is_left_out() -> None:
    made = bound("nn.Linear(8, 4)")
    assert made is not None
    assert made.leaves_out("bias")
    assert not made.leaves_out("in_features")


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("keras.layers.AvgPool2D(2)", "keras.layers.AveragePooling2D"),
        ("C(3, 3)", "keras.layers.Conv2D"),
        ("torch.nn.modules.conv.Conv2d(1, 2, 3)", "torch.nn.Conv2d"),
    ],
)
def test_one_name_for_a_class(call: str, name: str) -> None:
    made = bound(call)
    assert made is not None
    assert (made.name, made.cls) == (name, name.rpartition(".")[2])


@pytest.mark.parametrize(
    "call",
    ["print(1)", "partial()", "partial(print, 1)", "torch.relu(x)", "nn.Tanh()", "other.Linear(8)"],
)
def test_calls_of_anything_else(call: str) -> None:
    assert bound(call) is None


def test_made_in() -> None:
    file = File(
        ast.parse(IMPORTS + "from torch.nn import Linear as L\nL(1, 2)\nnn.Linear(3, 4)\nL(*a)")
    )
    found = {ast.unparse(call) for call, _ in made_in(file, "torch.nn.Linear")}
    assert found == {"L(1, 2)", "nn.Linear(3, 4)"}
    assert made_in(file, "torch.nn.Conv2d") == ()


PROGRAM = """\
import constants
from constants import RATE
from constants import *
HALF = 0.5
A, B = 1, 2
MAYBE = 1
MAYBE = 2
class Net:
    def __init__(self, p=0.3, q=0.4):
        self.rate = 0.2
        self.both = 1
        self.p = p
    def grow(self):
        self.both = 2
        use({expression})
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("0.1", 0.1),
        ("-1", -1),
        ("'relu'", "relu"),
        ("None", None),
        ("HALF", 0.5),
        ("B", 2),
        ("self.rate", 0.2),
        ("RATE", 0.9),
        ("constants.RATE", 0.9),
        ("OTHER", 7),
        ("1 - HALF", ...),
        ("MAYBE", ...),
        ("self.both", ...),
        ("self.p", ...),
        ("self.nothing", ...),
        ("unknown", ...),
        ("constants.NOTHING", ...),
        ("f(1)", ...),
    ],
)
def test_settled(tmp_path: Path, expression: str, value: Any) -> None:
    (tmp_path / "constants.py").write_text("RATE = 0.9\nOTHER = 7\n", encoding="utf-8")
    tree = ast.parse(PROGRAM.format(expression=expression))
    file = File(tree, str(tmp_path / "net.py"))
    use = next(c for c in file.index[ast.Call] if ast.unparse(c.func) == "use")
    assert settled(file, use.args[0]) == value
    is_number = isinstance(value, int | float)
    assert number(file, use.args[0]) == (value if is_number else None)


def test_a_bool_is_no_number() -> None:
    file = File(ast.parse("True"))
    assert number(file, ast.Constant(True)) is None
    assert number(file, None) is None


@pytest.mark.parametrize(
    ("expression", "word"),
    [("p", "p"), ("self.a.p", "p"), ("cfg['p']", "p"), ("cfg[0]", ""), ("1 - p", ""), ("f(p)", "")],
)
def test_last_name(expression: str, word: str) -> None:
    assert last_name(ast.parse(expression, mode="eval").body) == word
