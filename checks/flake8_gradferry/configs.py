"""Whether a Keras layer can be made again from its configuration, as loading a model does."""

from __future__ import annotations

import ast

from .models import class_lineage
from .project import Symbol
from .walk import FUNCTIONS, File, Function

# What the base class puts into every configuration.
_OF_BASE = ("name", "trainable", "dtype")


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


def extends_base(file: File, function: Function) -> bool:
    """Whether a `get_config` starts from `super().get_config()` and hands all of it back."""
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
