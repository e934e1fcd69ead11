"""Whether a Keras layer can be made again from its configuration, as loading a model does."""

from __future__ import annotations

import ast

from ..source.lineage import Lineage
from ..source.project import Symbol
from ..source.walk import FUNCTIONS, File, Function
from .models import class_lineage

# What the base class puts into every configuration.
_OF_BASE = ("name", "trainable", "dtype")
# Bases that put in nothing else.
_PLAIN = frozenset(("keras.Model", "keras.layers.Layer"))


def method_of(symbol: Symbol, name: str) -> tuple[File, Function] | None:
    """A method that the class or its bases in the project define."""
    found = class_lineage(symbol).method(name)
    if found is None or not isinstance(found.node, FUNCTIONS):
        return None
    return found.file, found.node


def parameters(function: Function) -> list[str]:
    """The names that a method can be given by keyword, `self` left out."""
    args = function.args
    return [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)][1:]


def refused(init: Function) -> list[str]:
    """Which of the base configuration's names an `__init__` does not take."""
    if init.args.kwarg is not None:
        return []
    taken = parameters(init)
    return [name for name in _OF_BASE if name not in taken]


def extends_base(family: Lineage) -> bool:
    """Whether each `get_config` of the project starts from the base's and hands all of it back."""
    found = [
        (at.file, at.file.methods(at.node)["get_config"])
        for at in family.classes
        if isinstance(at.node, ast.ClassDef) and "get_config" in at.file.methods(at.node)
    ]
    return all(_extends_base(file, function) for file, function in found)


def _extends_base(file: File, function: Function) -> bool:
    inside = file.inside(function)
    if inside[ast.Delete] or any(
        isinstance(call.func, ast.Attribute) and call.func.attr in ("pop", "clear")
        for call in inside[ast.Call]
    ):
        return False
    for call in inside[ast.Call]:
        match call.func:
            case ast.Attribute(attr="get_config", value=ast.Call(func=ast.Name(id="super"))):
                return not isinstance(file.parent(call), ast.Expr)
    return False


def left_out(init: Function, family: Lineage) -> list[str]:
    """The arguments that `__init__` cannot do without and no `get_config` of the class names."""
    if not family.names <= _PLAIN:
        return []  # the configuration of a Dense or Wrapper names more
    args = init.args
    positional = [*args.posonlyargs, *args.args][1:]
    required = positional[: len(positional) - len(args.defaults)]
    required += [a for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d is None]
    words: set[object] = set(_OF_BASE)
    for at in family.classes:
        assert isinstance(at.node, ast.ClassDef)
        config = at.file.methods(at.node).get("get_config")
        inside = at.file.inside(config) if config is not None else None
        if inside is None:
            continue
        loops = len(inside[ast.For]) + len(inside[ast.DictComp])
        if loops or any(map(_is_of_self, inside[ast.Call])):
            return []  # names that cannot be read here
        words.update(constant.value for constant in inside[ast.Constant])
        words.update(keyword.arg for keyword in inside[ast.keyword])
    return [arg.arg for arg in required if arg.arg not in words]


def _is_of_self(call: ast.Call) -> bool:
    """`self.settings()`, `vars(self)`, `get_base_config(self)`."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return any(
        isinstance(node, ast.Name) and node.id == "self" for node in (owner, *call.args)
    ) and (File.dotted(call.func) != "super")


def is_base(file: File, cls: ast.ClassDef) -> bool:
    """Whether another class of the file derives from this one, and may be what is made."""
    return any(
        isinstance(base, ast.Name) and base.id == cls.name
        for other in file.index[ast.ClassDef]
        for base in other.bases
    )
