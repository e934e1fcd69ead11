"""What `outputs` and `model_outputs` say a value was made by."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from flake8_gradferry.loss.outputs import Kind, model_outputs, outputs, place
from flake8_gradferry.source.project import parse
from flake8_gradferry.source.walk import File

TORCH = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
KERAS = "import keras\nimport tensorflow as tf\nfrom keras import layers\n"


def kinds(source: str) -> set[str]:
    """The kinds of the value of the last statement."""
    file = File(parse(source, "-"), "-", source.splitlines(keepends=True))
    last = file.tree.body[-1]
    assert isinstance(last, ast.Expr)
    return {output.kind.value for output in outputs(file, last.value)}


def torch(source: str) -> set[str]:
    return kinds(TORCH + source)


def keras(source: str) -> set[str]:
    return kinds(KERAS + source)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("torch.softmax(x, 1)", "softmax"),
        ("F.softmax(input=x, dim=1)", "softmax"),
        ("x.softmax(1)", "softmax"),
        ("x.sigmoid()", "sigmoid"),
        ("F.log_softmax(x, 1)", "log_softmax"),
        ("torch.log(x.softmax(1))", "log_softmax"),
        ("torch.log(x.sigmoid())", "activation"),
        ("torch.relu(x)", "activation"),
        ("F.linear(x, w)", "linear"),
        ("x @ w", "linear"),
        ("x.softmax(1) @ w", "unknown"),
        ("nn.Linear(3, 4)(x)", "linear"),
        ("nn.Linear(3, 4)(x).clamp(0, 1)", "activation"),
        ("nn.Linear(3, 4)(x).softmax(1).clamp(0, 1)", "softmax"),
        ("nn.BatchNorm1d(4)(nn.Linear(3, 4)(x))", "linear"),
        ("nn.BatchNorm1d(4)(x.softmax(1))", "unknown"),
        ("nn.Dropout()(nn.Sigmoid()(x)).float()", "sigmoid"),
        ("torch.cat([x.softmax(1), y.softmax(1)])", "softmax"),
        ("torch.cat((x.softmax(1), y))", "unknown"),
        ("nn.Linear(3, 4)(x) + nn.Linear(3, 4)(y)", "linear"),
        ("nn.Linear(3, 4)(x) / t", "linear"),
        ("nn.Linear(3, 4)(x) / t.sum()", "unknown"),
        ("-2 * nn.Linear(3, 4)(x)", "linear"),
        ("1 - x.sigmoid()", "unknown"),
        ("nn.Linear(3, 4)(x) ** 2", "unknown"),
        ("x.sigmoid().data[0].T", "sigmoid"),
        ("(lambda v: v.sigmoid())(x)", "sigmoid"),
        ("[x.sigmoid(), x][0]", "sigmoid"),
        ("[x, x.sigmoid()][-1]", "unknown"),
        ("{'p': x.sigmoid()}['p']", "sigmoid"),
        ("{'p': x.sigmoid()}['q']", "unknown"),
        ("(y := x.sigmoid())", "sigmoid"),
        ("nn.Sequential(nn.Linear(3, 4), nn.Sigmoid())[-1](x)", "sigmoid"),
        ("nn.Sequential(nn.Linear(3, 4), nn.Sigmoid())[0](x)", "linear"),
        ("nn.Sequential(nn.Linear(3, 4), nn.Sigmoid())[7](x)", "unknown"),
        ("nn.Sequential()(x)", "unknown"),
        ("nn.Sequential(nn.Sigmoid())(x)[0]", "sigmoid"),
        ("nn.LSTM(3, 4)(x)[0]", "unknown"),
        ("torch.nowhere(x)", "unknown"),
        ("x", "unknown"),
        ("x()", "unknown"),
    ],
)
def test_torch_expression(expression: str, kind: str) -> None:
    assert torch(expression) == {kind}


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("layers.Dense(4)(x)", "linear"),
        ("layers.Dense(4, 'softmax')(x)", "softmax"),
        ("layers.Dense(4, activation=tf.nn.sigmoid)(x)", "sigmoid"),
        ("layers.Dense(4, activation=layers.Softmax())(x)", "softmax"),
        ("layers.Dense(4, activation=layers.LeakyReLU(0.1))(x)", "activation"),
        ("layers.Dense(4, activation=keras.activations.linear)(x)", "linear"),
        ("layers.Dense(4, activation='mine')(x)", "unknown"),
        ("layers.Dense(4, activation=mine)(x)", "unknown"),
        ("layers.Dense(4, **options)(x)", "unknown"),
        ("layers.Dense(*options)(x)", "linear"),
        ("layers.Conv2D(4, 3, 1, 'same', None, (1, 1), 1, 'relu')(x)", "activation"),
        ("layers.Activation('linear')(layers.Dense(4)(x))", "linear"),
        ("layers.Activation()(x)", "unknown"),
        ("layers.Lambda(tf.nn.softmax)(x)", "softmax"),
        ("layers.Lambda(lambda v: tf.squeeze(v))(layers.Dense(4)(x))", "linear"),
        ("layers.Lambda(lambda v: v / 2)(x)", "unknown"),
        ("layers.Lambda(lambda v: f(v))(x)", "unknown"),
        ("layers.TimeDistributed(layers.Dense(4, 'softmax'))(x)", "softmax"),
        ("layers.TimeDistributed()(x)", "unknown"),
        ("layers.Concatenate()([layers.Dense(4)(x), layers.Dense(4)(y)])", "linear"),
        ("layers.Add()([layers.Dense(4)(x), y])", "unknown"),
        ("keras.Model(i, layers.Dense(4)(x))(y)", "linear"),
        ("keras.Model()(y)", "unknown"),
        ("keras.Sequential([layers.Softmax()]).predict(x)", "softmax"),
        ("keras.Sequential(layers=[layers.Softmax()])(x)", "softmax"),
        ("tf.nn.softmax(logits=x)", "softmax"),
        ("tf.cast(tf.sigmoid(x), 'float32')", "sigmoid"),
    ],
)
def test_keras_expression(expression: str, kind: str) -> None:
    assert keras(expression) == {kind}


@pytest.mark.parametrize("how", ["row.pop()", "row.insert(0, nn.ReLU())", "row.extend(unknown)"])
def test_a_row_that_changes_out_of_sight_is_unknown(how: str) -> None:
    assert torch(f"row = [nn.Linear(3, 4)]\n{how}\nnn.Sequential(*row)(x)") == {"unknown"}


@pytest.mark.parametrize(
    "made",
    [
        "row = [nn.Linear(3, 4)]\nrow.extend([nn.Sigmoid()])\nnet = nn.Sequential(*row)",
        "row = [nn.Linear(3, 4)] + [nn.Sigmoid()]\nnet = nn.Sequential(*row)",
        "row = list((nn.Linear(3, 4), nn.Sigmoid()))\nnet = nn.Sequential(*row)",
        "row: list = []\nrow += [nn.Sigmoid()]\nnet = nn.Sequential(*row)",
        "import collections\nnet = nn.Sequential(collections.OrderedDict(a=nn.Sigmoid()))",
        "net = nn.Sequential(*[nn.Sigmoid() for _ in range(2)])",
        "def row():\n    return [nn.Linear(3, 4), nn.Sigmoid()]\nnet = nn.Sequential(*row())",
        "net = nn.Sequential(nn.Linear(3, 4))\nnet.append(nn.Sigmoid())",
        "net = nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.Sigmoid()), nn.Dropout())",
    ],
)
def test_rows(made: str) -> None:
    expected = {"unknown"} if "OrderedDict(a=" in made else {"sigmoid"}
    assert torch(f"{made}\nnet(x)") == expected


def test_what_may_be_missing_counts_both_ways() -> None:
    source = "row = [nn.Linear(3, 4)]\nif x:\n    row.append(nn.Sigmoid())\nnn.Sequential(*row)(x)"
    assert torch(source) == {"linear", "sigmoid"}


def test_a_value_that_comes_round_the_loop() -> None:
    source = "for layer in [nn.Linear(3, 4), nn.Sigmoid()]:\n    x = layer(x)\nx"
    assert torch(source) == {"sigmoid"}
    source = "for i, layer in enumerate([nn.Linear(3, 4), nn.Sigmoid()]):\n    x = layer(x)\nx"
    assert torch(source) == {"sigmoid"}
    source = "row = [nn.Linear(3, 4), nn.Linear(4, 4)]\nfor i in range(2):\n    x = row[i](x)\nx"
    assert torch(source) == {"linear"}
    source = "row = [nn.Linear(3, 4), nn.Sigmoid()]\nfor i in range(2):\n    x = row[i](x)\nx"
    assert torch(source) == {"linear", "sigmoid"}


@pytest.mark.parametrize("depth", [5, 2000])
def test_long_chains_are_given_up(depth: int) -> None:
    source = "x = nn.Linear(3, 3)(x)\n" + "x = nn.Dropout()(x)\n" * depth + "x"
    assert torch(source) == {"linear" if depth == 5 else "unknown"}


def test_functions_that_call_themselves_are_given_up() -> None:
    source = "def f(x, n):\n    return f(f(x, n - 1), n - 1) if n else g(x)\nf(x, 9)"
    assert torch(source) == {"unknown"}
    source = "def f(x):\n    return g(x)\ndef g(x):\n    return f(x)\nf(x)"
    assert torch(source) == {"unknown"}
    source = "for _ in range(3):\n    x = x[0]\nx"
    assert torch(source) == {"unknown"}
    source = "f = lambda x: f(f(x))\nf(x)"
    assert torch(source) == {"unknown"}


def test_place_and_last(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "import keras\n\nnet = keras.Sequential([keras.layers.Dense(4, 'softmax')])\n"
    )
    source = "import tensorflow as tf\nfrom net import net\ntf.squeeze(net(x))\ntf.nn.softmax(x)\n"
    path = tmp_path / "train.py"
    file = File(parse(source, str(path)), str(path), source.splitlines(keepends=True))
    first, second = (statement.value for statement in file.tree.body[2:])  # type: ignore[attr-defined]
    (away,), (here,) = outputs(file, first), outputs(file, second)
    assert (place(file, away), away.by, away.last) == (
        "net.py:3",
        "keras.activations.softmax",
        False,
    )
    assert (place(file, here), here.by, here.last) == ("line 4", "tensorflow.nn.softmax", True)
    model = first.args[0].func
    assert [(o.kind, o.last) for o in model_outputs(file, model)] == [(Kind.SOFTMAX, True)]


NETS = """
import torch
from torch import nn


class Base(nn.Module):
    def forward(self, x):
        return self.head(x)


class Derived(Base):
    def __init__(self, *, last=None):
        super().__init__()
        self.head = nn.Sequential(nn.Linear(3, 4), *([last] if last else []))
        self.heads = nn.ModuleDict({"a": nn.Sigmoid(), "b": nn.Linear(3, 4)})
        self.row = [nn.Linear(3, 4)]
        self.row.append(nn.Sigmoid())

    def forward(self, x):
        return super().forward(x)

    def through_dict(self, x):
        return self.heads["a"](x)

    def through_all(self, x):
        for layer in self.heads.values():
            x = layer(x)
        return x

    def through_last(self, x):
        return self.row[-1](x)

    @staticmethod
    def squash(x, how=torch.sigmoid):
        return how(x)

    async def later(self, x):
        return x.sigmoid()

    def each(self, x):
        yield x.sigmoid()


class NoForward(Base):
    pass


class IsSequential(nn.Sequential):
    pass


class Counts(nn.Sequential):
    def __init__(self):
        self.n = 1


class WithHead(Base):
    def __init__(self, head):
        self.head = head


class Passes(WithHead):
    def __init__(self, n):
        super().__init__(nn.Sequential(nn.Linear(3, n), nn.Sigmoid()))


class Names(Base):
    def __init__(self, n):
        WithHead.__init__(self, n)


net = Derived()


def outer(x, how):
    def inner(y):
        return how(y)

    return inner(x)


def wants(x, how):
    return how(x)


def given(x, how=torch.sigmoid):
    return how(x)
"""


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("nets.net(x)", "linear"),
        ("Derived()(x)", "linear"),
        ("Derived().through_dict(x)", "sigmoid"),
        ("Derived().through_all(x)", "linear"),
        ("Derived().through_last(x)", "sigmoid"),
        ("Derived().squash(x)", "sigmoid"),
        ("Derived().later(x)", "unknown"),
        ("Derived().each(x)", "unknown"),
        ("NoForward()(x)", "unknown"),
        ("IsSequential(nn.Sigmoid())(x)", "unknown"),
        ("Counts()(x)", "unknown"),
        ("WithHead(nn.Sigmoid())(x)", "sigmoid"),
        ("Passes(4)(x)", "sigmoid"),
        ("Names(4)(x)", "unknown"),
        ("Derived(last=nn.Sigmoid())(x)", "sigmoid"),
        ("Derived(last=mine)(x)", "unknown"),
        ("Derived", "unknown"),
        ("Derived(x)", "unknown"),
        ("outer(x, torch.sigmoid)", "sigmoid"),
        ("outer(x, how=mine)", "unknown"),
        ("wants(x)", "unknown"),
        ("wants(*x)", "unknown"),
        ("wants(x, **options)", "unknown"),
        ("wants(x, lambda y: y.sigmoid())", "sigmoid"),
        ("wants(x, lambda y, *, z: z)", "unknown"),
        ("given(x)", "sigmoid"),
        ("given(x, **options)", "unknown"),
        ("elsewhere(x)", "unknown"),
        ("nets.net.head[0](x)", "linear"),
    ],
)
def test_through_files(tmp_path: Path, expression: str, kind: str) -> None:
    (tmp_path / "nets.py").write_text(NETS)
    source = TORCH + "import nets\nfrom nets import *\nfrom nowhere import elsewhere\n" + expression
    path = tmp_path / "train.py"
    file = File(parse(source, str(path)), str(path), source.splitlines(keepends=True))
    last = file.tree.body[-1]
    assert isinstance(last, ast.Expr)
    assert {output.kind.value for output in outputs(file, last.value)} == {kind}


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("for _ in y:\n    a = b\n    b = a\na", "unknown"),
        ("row = nn.Linear(3, 4) if y else nn.Sigmoid()\nnn.Sequential(*row)(x)", "unknown"),
        ("x = nn.Linear(3, 4)(x)\nx += 1\nx", "unknown"),
        ("x = nn.Linear(3, 4)(x)\nx += nn.Linear(3, 4)(y)\nx", "linear"),
        ("a, *b = x\na", "unknown"),
        ("with x as y:\n    pass\ny", "unknown"),
        ("net = nn.Sequential(nn.Sigmoid())\nnet.eval()\nnet.add_module('a')\nnet(x)", "sigmoid"),
        ("def f(x):\n    return None\nf(x)", "unknown"),
        ("act = None\nact(x)", "unknown"),
        ("act = None\nact = torch.sigmoid\nact(x)", "sigmoid"),
        ("a[0], b.c = nn.Sequential(nn.Sigmoid()), 1\na[0](x)", "unknown"),
        ("nets['a'] = nn.Sequential(nn.Sigmoid())\nnets['a'](x)", "unknown"),
    ],
)
def test_statements(source: str, kind: str) -> None:
    assert torch(source) == {kind}


def test_a_row_made_of_a_dict() -> None:
    source = "nn.ModuleDict({'a': nn.Linear(3, 4), 'b': nn.Sigmoid()})['b'](x)"
    assert torch(source) == {"sigmoid"}
    source = "from collections import OrderedDict\nd = OrderedDict([('a', nn.Sigmoid())])\n"
    assert torch(source + "nn.Sequential(d)(x)") == {"sigmoid"}
    assert keras("m = keras.Sequential([layers.Softmax()])\nm.layers.pop()\nm(x)") == {"unknown"}
