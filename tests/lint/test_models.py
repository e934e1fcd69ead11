"""What models are made of, and whether they depend on the mode."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import pytest

from flake8_gradferry.model.models import Layer, graph_of, layers, members, steps
from flake8_gradferry.model.modes import class_dependent, mode_dependent
from flake8_gradferry.source.project import Symbol
from flake8_gradferry.source.walk import File

HEAD = """
import collections, copy, functools, itertools
import torch, torchvision, keras, timm
import torch.nn as nn
import torch.nn.functional as F
from keras import layers
"""


def file_of(source: str) -> File:
    text = HEAD + textwrap.dedent(source)
    return File(ast.parse(text), "-", text.splitlines(keepends=True))


def model_in(source: str) -> tuple[File, ast.expr]:
    """The file and the expression of its last statement."""
    file = file_of(source)
    last = file.tree.body[-1]
    assert isinstance(last, ast.Expr)
    return file, last.value


def names(source: str) -> list[str]:
    """The names of the leaf layers, in order."""
    file, node = model_in(source)
    found: list[str] = []

    def walk(layer: Layer) -> None:
        below = members(layer).layers
        for inner in below:
            walk(inner)
        if not below:
            found.append(layer.name.rpartition(".")[2] or layer.cls.node.name)

    for layer in layers(file, node).layers:
        walk(layer)
    return found


def dependent(source: str) -> bool | None:
    return mode_dependent(*model_in(source))


# -- structure -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("nn.Sequential(nn.Linear(1, 2), nn.ReLU())", ["Linear", "ReLU"]),
        ("model = nn.Sequential(nn.Linear(1, 2)).to('cpu')\nmodel", ["Linear"]),
        ("nn.DataParallel(nn.Sequential(nn.Linear(1, 2)))", ["Linear"]),
        ("net = nn.DataParallel(nn.Linear(1, 2))\nnet.module", ["Linear"]),
        ("torch.compile(nn.Linear(1, 2)).cuda().eval()", ["Linear"]),
        (
            "nn.Sequential(collections.OrderedDict([('a', nn.Linear(1, 2)), ('b', nn.Tanh())]))",
            ["Linear", "Tanh"],
        ),
        ("nn.Sequential(*[nn.Linear(2, 2) for _ in range(3)])", ["Linear"]),
        (
            "parts = [nn.Linear(1, 2)]\nparts.append(nn.Tanh())\nparts += [nn.Linear(2, 1)]\n"
            "nn.Sequential(*parts)",
            ["Linear", "Tanh", "Linear"],
        ),
        ("nn.Sequential(*([nn.Linear(2, 2)] * 3 + [nn.Tanh()]))", ["Linear", "Tanh"]),
        ("net = nn.Sequential()\nnet.add_module('a', nn.Linear(1, 2))\nnet", ["Linear"]),
        ("nn.ModuleDict({'a': nn.Linear(1, 2)})['a']", ["Linear"]),
        ("copy.deepcopy(nn.Linear(1, 2))", ["Linear"]),
        ("nn.utils.spectral_norm(nn.Linear(1, 2))", ["Linear"]),
        ("nn.TransformerEncoder(nn.Linear(1, 2), num_layers=2)", ["Linear"]),
        ("keras.Sequential([layers.Dense(2), layers.ReLU()])", ["Dense", "ReLU"]),
        (
            "m = keras.Sequential()\nm.add(layers.Dense(2))\nm.add(layers.Dense(1))\nm",
            ["Dense", "Dense"],
        ),
        (
            "m = keras.Sequential()\nm.add(layers.Dense(2))\n"
            "m = keras.Sequential()\nm.add(layers.Flatten())\nm",
            ["Flatten"],
        ),
        ("layers.Bidirectional(layers.LSTM(4))", ["LSTM"]),
        ("layers.TimeDistributed(layer=layers.Dense(4))", ["Dense"]),
        ("3", []),
        ("torch.zeros(3)", []),
        ("nn.Linear(1, 2)(torch.zeros(1))", []),
        ("nn.Linear", []),
    ],
)
def test_parts(source: str, expected: list[str]) -> None:
    assert names(source) == expected


def test_factory_and_arguments() -> None:
    source = """
    def block(norm, *extra):
        return nn.Sequential(nn.Conv2d(3, 8, 3), norm(8), nn.ReLU(), *extra)
    nn.Sequential(block(nn.BatchNorm2d), block(functools.partial(nn.GroupNorm, 4)))
    """
    found = names(source)
    assert found[:1] == ["Conv2d"]
    assert {"BatchNorm2d", "GroupNorm", "ReLU"} <= set(found)


def test_class_with_everything() -> None:
    source = """
    class Base(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 8, 3)

    class Net(Base):
        def __init__(self, width=8):
            super().__init__()
            self.width = width
            self.a, self.b = nn.Linear(1, 2), nn.Tanh()
            self.blocks = nn.ModuleList()
            for _ in range(2):
                self.blocks.append(nn.LayerNorm(4))
            self.add_module("late", nn.GELU())
            setattr(self, "odd", nn.Identity())

        def forward(self, x):
            return self.b(self.a(x))
    Net()
    """
    assert set(names(source)) == {*("Conv2d", "Linear", "Tanh", "LayerNorm", "GELU", "Identity")}
    file, node = model_in(source)
    (net,) = layers(file, node).layers
    assert members(net).complete


def test_make_layer_with_the_block_passed_in() -> None:
    source = """
    class Block(nn.Module):
        def __init__(self, n, norm_layer=None):
            super().__init__()
            if norm_layer is None:
                norm_layer = nn.BatchNorm2d
            self.norm = norm_layer(n)

    class ResNet(nn.Module):
        def __init__(self, block, counts):
            super().__init__()
            self.layer1 = self._make_layer(block, counts[0])

        def _make_layer(self, block, count):
            parts = []
            for _ in range(count):
                parts.append(block(8))
            return nn.Sequential(*parts)

    ResNet(Block, [2])
    """
    assert names(source) == ["BatchNorm2d"]


def test_functional_graph_is_followed_back_from_its_outputs() -> None:
    source = """
    def head(x):
        x = layers.Dropout(0.5)(x)
        return layers.Dense(10, activation="softmax")(x)
    inputs = keras.Input((32,))
    unused = layers.GaussianNoise(0.1)(inputs)
    x = layers.Dense(8)(inputs)
    for _ in range(2):
        x = layers.Add()([x, layers.LayerNormalization()(x)])
    keras.Model(inputs, head(x))
    """
    file, node = model_in(source)
    (model,) = layers(file, node).layers
    applied = [layer.name.rpartition(".")[2] for a in graph_of(model) for layer in a.run.layers]
    assert applied[:2] == ["Dense", "Dropout"]
    assert set(applied) == {"Dense", "Dropout", "Add", "LayerNormalization"}
    assert members(model).complete


def test_steps_of_a_sequential() -> None:
    file, node = model_in("m = nn.Sequential(nn.Linear(1, 2))\nm.append(nn.Tanh())\nm")
    (model,) = layers(file, node).layers
    assert [[layer.name for layer in step.layers] for step in steps(model)] == [
        ["torch.nn.Linear"],
        ["torch.nn.Tanh"],
    ]


@pytest.mark.parametrize(
    "source",
    [
        "timm.create_model('vit_base_patch16_224')",
        "keras.models.load_model('m.keras')",
        "def f(m):\n    return m\nf",
        "unknown_name",
        "unknown_name()",
    ],
)
def test_cannot_see(source: str) -> None:
    assert dependent(source) is None


def test_layers_from_another_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    package = tmp_path / "app"
    package.mkdir()
    (package / "__init__.py").write_text("from .nets import Net\n")
    (package / "nets.py").write_text(
        HEAD
        + "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        + "        self.drop = nn.Dropout(0.5)\n"
        + "def build():\n    return nn.Sequential(Net())\n"
    )
    script = tmp_path / "train.py"
    text = "from app.nets import build\nfrom app import Net\nmodel = build()\nnet = Net()\n"
    script.write_text(text)
    file = File(ast.parse(text), str(script))
    for statement in file.tree.body[2:]:
        assert isinstance(statement, ast.Assign)
        assert mode_dependent(file, statement.value) is True


# -- mode ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("nn.Dropout()", True),
        ("nn.Dropout(0)", False),
        ("nn.Dropout(p=0.0)", False),
        ("nn.Dropout(args.rate)", True),
        ("nn.BatchNorm2d(3)", True),
        ("nn.BatchNorm2d(3, track_running_stats=False)", False),
        ("nn.InstanceNorm2d(3)", False),
        ("nn.InstanceNorm2d(3, track_running_stats=True)", True),
        ("nn.LSTM(2, 3)", False),
        ("nn.LSTM(2, 3, dropout=0.5)", False),
        ("nn.LSTM(2, 3, 2, dropout=0.5)", True),
        ("nn.LSTM(2, 3, 2, **options)", None),
        ("nn.RReLU()", True),
        ("nn.MultiheadAttention(8, 2)", False),
        ("nn.MultiheadAttention(8, 2, 0.1)", True),
        ("nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 1)", True),
        ("nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, dropout=0), 1)", False),
        ("nn.Sequential(nn.Linear(1, 2), nn.ReLU())", False),
        ("nn.Sequential(nn.Linear(1, 2), nn.Sequential(nn.Dropout(0.5)))", True),
        ("nn.Sequential(nn.Linear(1, 2), make())", None),
        ("torchvision.models.resnet18()", True),
        ("torchvision.models.__dict__['resnet18']()", True),
        ("getattr(torchvision.models, 'resnet18')()", True),
        ("torchvision.models.get_model('resnet18')", True),
        ("torch.hub.load('pytorch/vision:v0.10.0', 'resnet18')", True),
        ("torch.hub.load('nvidia/vision', 'resnet18')", None),
        ("torchvision.models.ResNet18_Weights.DEFAULT.transforms()", None),
        ("torchvision.models.vit_b_16()", None),
        ("torchvision.models.vit_b_16(dropout=0.1)", True),
        ("timm.create_model('resnet18')", True),
        ("timm.create_model(name)", True),
        ("keras.applications.resnet50.preprocess_input(0)", None),
        ("torchvision.models.vgg16().features", None),
        ("layers.BatchNormalization()", True),
        ("layers.BatchNormalization(trainable=False)", False),
        ("layers.LSTM(4)", False),
        ("layers.LSTM(4, recurrent_dropout=0.2)", True),
        ("layers.MultiHeadAttention(2, 4)", False),
        ("layers.MultiHeadAttention(2, 4, dropout=0.1)", True),
        ("layers.RandomFlip()", True),
        ("layers.Bidirectional(layers.GRU(4, dropout=0.1))", True),
        ("keras.Sequential([layers.Dense(4), layers.Dropout(0.1)])", True),
        ("keras.applications.ResNet50()", True),
        ("keras.applications.VGG16()", False),
        ("i = keras.Input((3,))\nkeras.Model(i, layers.Dropout(0.5)(i))", True),
        ("i = keras.Input((3,))\nkeras.Model(i, layers.Dropout(0.5)(i, training=True))", False),
        ("i = keras.Input((3,))\nkeras.Model(inputs=i, outputs=layers.Dense(5)(i))", False),
        (
            "b = keras.applications.ResNet50()\n"
            "keras.Model(b.input, layers.Dense(2)(b.get_layer('x').output))",
            True,
        ),
    ],
)
def test_mode(source: str, expected: bool | None) -> None:
    assert dependent(source) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            """
            class Net(nn.Module):
                def forward(self, x):
                    return F.dropout(x, training=self.training)
            """,
            True,
        ),
        (
            """
            class Net(nn.Module):
                def __init__(self, rate=0.0):
                    super().__init__()
                    self.drop = nn.Dropout(rate)
            """,
            None,
        ),
        (
            """
            class Net(nn.Module):
                def __init__(self, encoder):
                    super().__init__()
                    self.encoder = encoder
                def forward(self, x):
                    return self.encoder(x)
            """,
            None,
        ),
        (
            """
            class Net(nn.Module):
                def __init__(self, size):
                    super().__init__()
                    self.size = size
                    self.fc = nn.Linear(size, size)
                def forward(self, x):
                    return F.relu(self.fc(x))
            """,
            False,
        ),
        ("class Net(timm.Base):\n    pass", None),
        ("class Net(nn.Dropout):\n    pass", True),
        ("class Net(nn.BatchNorm2d):\n    def forward(self, x):\n        return x", None),
        (
            """
            class Net(layers.Layer):
                def call(self, x, training=None):
                    if training:
                        x = x + 1
                    return x
            """,
            True,
        ),
        (
            """
            class Net(layers.Layer):
                def __init__(self):
                    self.fc = layers.Dense(3)
                def call(self, x, training=None):
                    return self.fc(x, training=training)
            """,
            False,
        ),
        (
            """
            class Net(layers.Layer):
                def __init__(self, inner):
                    self.inner = inner
                def call(self, x, training=None):
                    return self.inner(x, training=training)
            """,
            True,
        ),
        (
            """
            class Net(layers.Layer):
                def __init__(self, inner):
                    self.inner = inner
                def call(self, x, training=None):
                    return self.inner(x)
            """,
            None,
        ),
        (
            """
            class Tree(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.children_ = nn.ModuleList([Tree()])
                    self.fc = nn.Linear(2, 2)
                def forward(self, x):
                    return self.fc(x)
            """,
            False,
        ),
        (
            """
            class Conv(nn.Sequential):
                def __init__(self, a):
                    super().__init__(nn.Conv2d(a, a, 3), nn.BatchNorm2d(a))
            """,
            True,
        ),
        (
            """
            class Graph(keras.Model):
                def __init__(self):
                    i = keras.Input((2,))
                    super().__init__(inputs=i, outputs=layers.Dropout(0.5)(i))
            """,
            True,
        ),
    ],
)
def test_class_mode(source: str, expected: bool | None) -> None:
    file = file_of(source)
    node = file.tree.body[-1]
    assert class_dependent(Symbol(file, node)) is expected


def test_model_with_its_own_train_step_made_of_a_graph() -> None:
    source = """
    class Custom(keras.Model):
        def train_step(self, data):
            return {}
    i = keras.Input((2,))
    Custom(i, layers.Dropout(0.5)(i))
    """
    assert dependent(source) is True


@pytest.mark.parametrize(
    "annotation",
    ["Net", "'Net'", "Net | None", "typing.Optional[Net]", "typing.Optional[Net] = None"],
)
def test_parameter_by_its_annotation(annotation: str) -> None:
    source = f"""
import typing
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)
class Other:
    pass
def first(other: Other, module: nn.Module, some: list[Net], net: {annotation}):
    net, other, module, some
"""
    file, _ = model_in(source + "0")
    (used,) = (node for node in file.index[ast.Tuple] if len(node.elts) == 4)
    assert [mode_dependent(file, node) for node in used.elts] == [True, None, None, None]


def test_attribute_by_the_annotation_of_its_parameter() -> None:
    source = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)
class Trainer:
    def __init__(self, net: Net):
        self.net = net
    def run(self):
        return self.net
"""
    file, _ = model_in(source + "0")
    (used,) = (node.value for node in file.index[ast.Return] if node.value is not None)
    assert mode_dependent(file, used) is True
