"""What one file says of itself: names, surroundings, scopes, and which assignment counts."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from flake8_gradferry.source.bindings import reaching
from flake8_gradferry.source.walk import File, Index, children, position


def file_of(source: str) -> File:
    return File(ast.parse(source), "net.py", source.splitlines(keepends=True))


def use_of(file: File, name: str) -> ast.Name:
    """The last place at which a name is read."""
    return max(
        (n for n in file.index[ast.Name] if n.id == name and isinstance(n.ctx, ast.Load)),
        key=position,
    )


# -- the walk --------------------------------------------------------------------------------------


def test_index_lists_nodes_in_source_order_and_can_stay_out_of_inner_functions() -> None:
    file = file_of("a()\ndef f(x=b()):\n    c()\n    lambda: d()\ne()\n")
    assert [call.func.id for call in file.index[ast.Call]] == list("abcde")  # type: ignore[attr-defined]
    function = file.index.functions[0]
    outer = file.inside(function, nested=False)
    assert [call.func.id for call in outer[ast.Call]] == ["b", "c"]  # type: ignore[attr-defined]
    assert file.inside(function) is file.inside(function)
    assert Index(file.tree)[ast.While] == []
    assert len(file.index.of(ast.Call, ast.Lambda)) == 6


def test_children_leave_contexts_and_operators_out() -> None:
    assert [type(n).__name__ for n in children(ast.parse("a + b").body[0])] == ["BinOp"]
    keys = ast.parse("{**a, 'b': c}", mode="eval").body
    assert [type(n).__name__ for n in children(keys)] == ["Constant", "Name", "Name"]


def test_repr_names_the_file() -> None:
    assert repr(file_of("")) == "File('net.py')"


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import torch\ntorch.nn.Linear", "torch.nn.Linear"),
        ("import torch.nn\ntorch.nn.Linear", "torch.nn.Linear"),
        ("import torch.nn as nn\nnn.Linear", "torch.nn.Linear"),
        ("from torch import nn as N\nN.Linear", "torch.nn.Linear"),
        ("import tensorflow as tf\ntf.keras.Model", "keras.Model"),
        ("import tensorflow as tf\nkeras = tf.keras\nkeras.Model", "keras.Model"),
        ("import tensorflow as tf\nL = tf.keras.layers\nL.Dense", "keras.layers.Dense"),
        ("import torch\nnn = torch.nn\nnn.Linear", "torch.nn.Linear"),
        ("import torch\nnn = torch.nn\ndef f(nn):\n    nn.Linear", None),
        ("import torch\nnet = torch.nn.Linear\nnet.x", None),
        ("import torch\ndef f():\n    nn = torch.nn\nnn.Linear", None),
        ("keras = tf.keras\nkeras.Model", None),
        ("import tensorflow.compat.v2 as tf\ntf.keras.Model", "keras.Model"),
        ("import tf_keras\ntf_keras.models.Model", "keras.Model"),
        ("from .base import Net\nNet", ".base.Net"),
        ("from . import base\nbase.Net", ".base.Net"),
        (
            "try:\n    import keras\nexcept ImportError:\n    keras = None\nkeras.Model",
            "keras.Model",
        ),
        ("keras.Model", None),
        ("import keras\ndef f(keras):\n    return keras.Model", None),
        ("import keras\nkeras().Model", None),
        ("import keras\n(keras or 1).Model", None),
    ],
)
def test_qualified_name(source: str, name: str | None) -> None:
    file = file_of(source)
    node = max(
        (n for n in ast.walk(file.tree) if isinstance(n, ast.Attribute | ast.Name)),
        key=lambda n: (n.lineno, -n.col_offset, n.end_col_offset or 0),
    )
    assert file.qualified(node) == name


def test_star_imports_and_packages(tmp_path: Path) -> None:
    folder = tmp_path / "app" / "nets"
    folder.mkdir(parents=True)
    (tmp_path / "app" / "__init__.py").touch()
    (folder / "__init__.py").touch()
    source = "from keras.layers import *\nfrom ..base import *\n"
    file = File(ast.parse(source), str(folder / "cnn.py"))
    assert file.package == ("app", "nets")
    assert file.star_imports == ("keras.layers", "..base")


# -- where a node stands ---------------------------------------------------------------------------

NESTED = """
class Net:
    def call(self, x):
        def inner():
            return x
        for y in [1]:
            if y:
                z = y
            else:
                z = inner()
        return z
"""


def test_surroundings() -> None:
    file = file_of(NESTED)
    net = file.index[ast.ClassDef][0]
    call, inner = file.index[ast.FunctionDef]
    returned = file.inside(inner)[ast.Return][0]
    assert file.function(returned) is inner
    assert file.function(call) is None
    assert file.owner(call) is net
    assert file.owner(inner) is None
    assert file.method_class(returned) is net
    assert file.enclosing(returned, ast.For) is None
    assert file.methods(net) == {"call": call}
    assert file.statement(use_of(file, "y")) in file.index[ast.Assign]
    assert file.parent(file.tree) is None
    assert [type(n).__name__ for n in file.ancestors(returned)] == [
        "FunctionDef",
        "FunctionDef",
        "ClassDef",
        "Module",
    ]


def test_blocks() -> None:
    file = file_of(
        "try:\n    a\nexcept E:\n    b\nelse:\n    c\nfinally:\n    d\n"
        "match x:\n    case 1:\n        e\n"
    )
    places = {
        node.value.id: (type(owner).__name__, name, place)
        for node, (owner, name, place) in file.blocks.items()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Name)
    }
    assert places == {
        "a": ("Try", "body", 0),
        "b": ("ExceptHandler", "body", 0),
        "c": ("Try", "orelse", 0),
        "d": ("Try", "finalbody", 0),
        "e": ("match_case", "body", 0),
    }


# -- scopes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("x = 1", ["assign"]),
        ("x: int = 1", ["assign"]),
        ("x: int", []),
        ("x += 1", ["augment"]),
        ("for x in y: pass", ["for"]),
        ("with y as (x, z): pass", ["with"]),
        ("import x.y", ["import"]),
        ("from y import z as x", ["import"]),
        ("def x(): pass", ["def"]),
        ("class x: pass", ["class"]),
        ("try: pass\nexcept E as x: pass", ["other"]),
        ("match y:\n    case x: pass", ["other"]),
        ("match y:\n    case [1, *x]: pass", ["other"]),
        ("a, *x = y", ["other"]),
        ("[a, [b, x]] = y", ["assign"]),
        ("[(x := z) for z in y]", ["assign"]),
        ("[x for x in y]", []),
        ("x.y = 1", []),
    ],
)
def test_bindings(source: str, kinds: list[str]) -> None:
    file = file_of(source)
    assert [b.kind for b in file.scope_of(file.tree).bindings.get("x", [])] == kinds


def test_scopes_of_definitions() -> None:
    file = file_of(
        "x = 1\n"
        "class C:\n    x = 2\n    def f(self, a=x, *b, c=1, **d):\n"
        "        global e\n        return x\n"
        "lambda x: x\n"
    )
    function = file.index[ast.FunctionDef][0]
    assert {*file.scope_of(function).bindings} == {"self", "a", "b", "c", "d"}
    assert file.scope_of(function).elsewhere == {"e"}
    assert file.scope_of(function).find("x") is file.scope_of(file.tree)
    assert file.scope_of(function).find("nothing") is None
    default = function.args.defaults[0]
    assert file.scope(default).node is file.index[ast.ClassDef][0]
    assert isinstance(file.scope(use_of(file, "x")).node, ast.Lambda)
    assert file.scope(file.tree).node is file.tree


# -- which assignment ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("x = 1\nx = 2\nx", [2]),
        ("x = 1\nx += 2\nx", [1, 2]),
        ("x = 1\nif a:\n    x = 2\nx", [1, 3]),
        ("x = 1\nif a:\n    x = 2\n    x", [3]),
        ("if a:\n    x = 1\nelse:\n    x", []),
        ("for a in b:\n    if a:\n        x = 1\n    else:\n        x", [3]),
        ("x = 1\nfor a in b:\n    x\n    x = 2", [1, 4]),
        ("x = 1\nwith a:\n    x = 2\nx", [3]),
        ("x = 1\nfor x in a:\n    x", [2]),
        ("x = 1\nx = f(x)", [1]),
        ("x = 1\nx = [x for a in b]", [1]),
        ("x = 1\ntry:\n    x = 2\nexcept E:\n    pass\nx", [1, 3]),
        ("x\nx = 1", []),
        ("y", []),
        ("x = 1\ndef f():\n    return x\nx = 2", [1, 4]),
        ("def f(x):\n    x = x or 1\n    return x", [2]),
        ("[x for x in a]", [0]),
        # What is overwritten at the start of each turn does not come round from the last one.
        ("for a in b:\n    x = 1\n    y = x\n    x = 2", [2]),
        ("for a in b:\n    x = 1\n    for c in a:\n        y = x\n        x = 2", [2, 5]),
        ("for a in b:\n    if a:\n        x = 1\n    y = x\n    x = 2", [3, 5]),
        ("for a in b:\n    x = 1\n    if a:\n        x = f(x)", [2]),
    ],
)
def test_which_assignments_reach_a_use(source: str, lines: list[int]) -> None:
    file = file_of(source)
    found = reaching(file, use_of(file, "y" if source == "y" else "x"))
    assert [position(binding.node)[0] for binding in found] == lines
