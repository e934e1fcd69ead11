"""A value inside one call: the words in which `values.Trace` answers, and what they say at once.

Nothing here follows a trail; that is `values.py`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import NamedTuple

from .functions import is_self
from .lineage import Lineage, annotated_class, lineage
from .names import framework
from .project import STUBS, Symbol, resolve, symbol_of
from .walk import File

_CALLS = 12
_AGAIN = 2  # a block inside a block runs the same `forward`

Path = tuple["int | str", ...]


class Value(NamedTuple):
    """An expression (or parameter), and the call inside which it is evaluated."""

    file: File
    node: ast.AST
    frame: Frame | None = None

    def at(self, node: ast.AST) -> Value:
        """Another expression at the same place."""
        return Value(self.file, node, self.frame)


@dataclass(frozen=True, eq=False)
class Frame:
    """One call of a project's function."""

    function: ast.AST
    call: Value | None  # None where a framework makes the call, as `fit` calls `call`
    owner: Value | None = None  # the object behind `self`

    @property
    def too_deep(self) -> bool:
        """Whether calls are nested past what anybody writes, or a function calls itself."""
        depth = again = 0
        frame: Frame | None = self
        while frame is not None:
            depth += 1
            again += frame.function is self.function
            frame = frame.call.frame if frame.call else None
        return depth > _CALLS or again > _AGAIN


class End(NamedTuple):
    """Where a trail ends, and the positions or keys still to be taken out of it."""

    value: Value
    path: Path = ()


def made_by(value: Value) -> str:
    """The canonical name of the framework class or function called or named, or ""."""
    node = value.node.func if isinstance(value.node, ast.Call) else value.node
    name = value.file.qualified(node)
    if name is None or not framework(name):
        return ""
    found = resolve(value.file, name)
    return found.name if found is not None and found.name else name


def class_of(value: Value) -> Symbol | None:
    """The project's class of which a value (a construction, `self` or an annotated
    parameter) is an instance."""
    match value.node:
        case ast.Call(func=func):
            found = symbol_of(value.file, func)
        case ast.arg() if is_self(value.file, value.node):
            owner = value.file.method_class(value.node)
            found = Symbol(value.file, owner) if owner is not None else None
        case ast.arg(annotation=annotation):
            return annotated_class(value.file, annotation)
        case _:
            return None
    if found is None or not isinstance(found.node, ast.ClassDef):
        return None
    return None if found.file.path.parent == STUBS else found


def family(cls: Symbol) -> Lineage:
    """What a class inherits from."""
    assert isinstance(cls.node, ast.ClassDef)
    return lineage(cls.file, cls.node)


def self_at(value: Value) -> Value | None:
    """The object behind `self` at an expression."""
    function = value.file.function(value.node)
    frame = value.frame
    while frame is not None:
        if frame.function is function:
            return frame.owner
        frame = frame.call.frame if frame.call else None
    if function is None or not function.args.args:
        return None
    return Value(value.file, function.args.args[0])


def is_none(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def constant_index(index: ast.expr) -> int | str | None:
    """The constant of `x[0]`, `x[-1]` or `x["key"]`."""
    match index:
        case ast.Constant(value=int(key)) | ast.Constant(value=str(key)):
            return key
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(key))):
            return -key
    return None
