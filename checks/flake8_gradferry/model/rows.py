"""What feeds a layer: the one before it in a Sequential, or whose output it is applied to."""

from __future__ import annotations

import ast
from typing import NamedTuple

from ..layout.axes import POINTWISE, applications, applied, pointwise
from ..source.callframes import Path, Value, class_of, made_by
from ..source.infer import Origin
from ..source.project import Symbol
from ..source.values import Trace
from ..source.walk import File, remembered
from .modes import argument
from .sequences import items


class Step(NamedTuple):
    """A layer: the call that makes it, its canonical name or the project's class."""

    file: File
    node: ast.AST
    name: str = ""
    cls: Symbol | None = None
    path: Path = ()  # which of its outputs is meant


@remembered
def rows(file: File) -> list[list[Step]]:
    """The layers of each Sequential that a file makes, in order; up to what cannot be seen."""
    found: list[list[Step]] = []
    for call in file.index[ast.Call]:
        if file.qualified(call.func) in ("keras.Sequential", "torch.nn.Sequential"):
            row: list[Step] = []
            for item in items(Trace(), Value(file, call)) or ():
                step = _step(item.value) if item.value is not None and item.certain else None
                if step is None:
                    break
                row.append(step)
            found.append(row)
    return found


def _step(value: Value) -> Step | None:
    ends = list(Trace().objects(value))
    if len(ends) != 1 or ends[0].path:
        return None
    made = ends[0].value
    cls = class_of(made)
    name = "" if cls is not None else made_by(made)
    return Step(made.file, made.node, name, cls) if name or cls is not None else None


@remembered
def feeders(file: File, maker: ast.Call) -> list[Step]:
    """The layers whose output goes into the layer that `maker` makes, pointwise ones left out.

    A step without name and class is something else: an input, a function, a value from elsewhere.
    """
    found: list[Step] = []
    for row in rows(file):
        for place, step in enumerate(row):
            if step.node is maker:
                before = [one for one in row[:place] if one.name not in POINTWISE]
                found += before[-1:]
    for call in applications(file, maker):
        for given in _inputs(call):
            found += [_fed_by(origin) for origin in pointwise(file, given)]
    return list(dict.fromkeys(found))


def _inputs(call: ast.Call) -> list[ast.expr]:
    """The tensors a layer is applied to: one, or several in a list."""
    match call.args:
        case [ast.List(elts=several), *_] | [ast.Tuple(elts=several), *_]:
            return several
        case [one, *_]:
            return [one]
    return []


def _fed_by(origin: Origin) -> Step:
    if isinstance(origin.node, ast.Call):
        layer = applied(origin.file, origin.node)
        if layer is not None:
            return Step(layer.file, layer.node, layer.name, layer.cls, origin.path)
    return Step(origin.file, origin.node, path=origin.path)


def input_shape(step: Step) -> ast.expr | None:
    """The shape, without the batch, where a step is a `keras.Input`."""
    node = step.node
    if isinstance(node, ast.Call) and step.file.qualified(node.func) == "keras.layers.Input":
        return argument(node, "shape", 0)
    return None
