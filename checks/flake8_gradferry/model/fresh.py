"""Layers that are made anew each time the forward pass runs, where they can remember nothing."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..source.infer import function_of, origins, reaching
from ..source.names import framework
from ..source.project import Symbol
from ..source.values import SELF_RETURNING
from ..source.walk import FUNCTIONS, File, Function, position
from .layer_names import CONTAINERS, WRAPPERS
from .models import Layer, layers, makers, members

_DEPTH = 3  # helpers that call helpers
# What may be done to a layer before it is applied, without it being kept or given weights.
_HARMLESS = SELF_RETURNING | {"forward", "__call__", "append", "extend", "add", "build"}


class Fresh(NamedTuple):
    """A layer that the forward pass makes and applies, and the place to say so."""

    layer: Layer
    at: ast.AST


class _Run(NamedTuple):
    """A function that the forward pass runs, and the forward pass' own call that leads there."""

    function: Symbol
    via: ast.Call | None = None


def fresh_layers(file: File, method: Function, wanted: Callable[[Layer], bool]) -> Iterator[Fresh]:
    """The wanted layers that each run of `method` makes anew and applies, outermost ones only.

    Helpers are followed. Left out are layers that are kept for the next run
    (`if self.fc is None: self.fc = ...`), are given weights, or are handed to somebody.
    """
    runs = list(_runs(file, method))
    if not any(_makes_layers(run.function) for run in runs):
        return
    made: set[ast.AST] = set()
    for run in runs:
        made.update(run.function.file.inside(run.function.node)[ast.Call])
    reported: set[ast.AST] = set()
    for run in runs:
        at = run.function.file
        for call in at.inside(run.function.node)[ast.Call]:
            if not _may_apply(at, call, method):
                continue
            found = layers(at, call.func).layers
            if len(found) < len(origins(at, call.func)):
                continue  # now and then it is something else that is applied
            for layer in found:
                if layer.node in reported or not _is_fresh(layer, made, wanted):
                    continue
                if _is_dropped(layer, call.func, at, method):
                    reported.add(layer.node)
                    near = layer.file is file and file.method_class(layer.node) is not None
                    yield Fresh(layer, layer.node if near else run.via or call)


def _runs(file: File, method: Function) -> Iterator[_Run]:
    """The method, and the helpers of the project that it calls."""
    first = _Run(Symbol(file, method))
    queue = [(first, 0)]
    seen: set[ast.AST] = {method}
    for run, depth in queue:  # grows while it is read
        yield run
        at, function, _ = run.function
        for call in at.inside(function)[ast.Call] if depth < _DEPTH else ():
            if not _names_a_helper(at, call.func):
                continue
            helper = function_of(at, call.func)
            if helper is not None and helper.node not in seen and _plain(helper.node):
                seen.add(helper.node)
                queue.append((_Run(helper, run.via or call), depth + 1))


def _names_a_helper(file: File, func: ast.expr) -> bool:
    """Whether what is called is named like a function: `block(x)`, `self.block(x)`."""
    match func:
        case ast.Name(id=name):
            target = file.imports.get(name)
            known = name in file.rebound if target is None else not framework(target)
            return known and not name[:1].isupper()
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            owner = file.method_class(func)
            return owner is not None and (name in file.methods(owner) or bool(owner.bases))
    return False


def _plain(function: ast.AST) -> bool:
    """Whether a helper does its work at each call: what keeps results is a decorator."""
    return isinstance(function, FUNCTIONS) and all(
        isinstance(decorator, ast.Name) and decorator.id in ("staticmethod", "classmethod")
        for decorator in function.decorator_list
    )


def _makes_layers(function: Symbol) -> bool:
    file = function.file
    for call in file.inside(function.node)[ast.Call]:
        match call.func:
            case ast.Name(id=name) | ast.Attribute(attr=name) if name[:1].isupper():
                if any(maker is not None for maker in makers(file, call.func)):
                    return True
    return False


def _may_apply(file: File, call: ast.Call, method: Function) -> bool:
    """Whether what is called may be a layer that was just made, by its form alone."""
    match call.func:
        case ast.Call():
            return True
        case ast.Name(id=name):
            return name in file.rebound and any(
                binding.kind in ("assign", "for") for binding in reaching(file, call.func)
            )
        case ast.Subscript(value=value):
            return _root(value) != "self" or _is_kept_each_time(file, method, value)
        case ast.Attribute(value=ast.Name(id="self")):
            return _is_kept_each_time(file, method, call.func)
    return False


def _is_fresh(layer: Layer, made: set[ast.AST], wanted: Callable[[Layer], bool]) -> bool:
    """Whether a wanted layer, or a container of one, is made by one of these calls."""
    if layer.node not in made:
        return False
    if layer.name in CONTAINERS or layer.name in WRAPPERS:
        return any(_is_fresh(inner, made, wanted) for inner in members(layer).layers)
    return wanted(layer)


def _is_dropped(layer: Layer, applied: ast.expr, at: File, method: Function) -> bool:
    """Whether nobody has the layer after the forward pass."""
    if isinstance(applied, ast.Name) and not _only_applied(at, applied):
        return False
    file = layer.file
    node: ast.AST = layer.node
    while (above := file.parent(node)) is not None:
        match above:
            case ast.Call(func=func) if func is node:
                return True  # Linear(4, 4)(x)
            case ast.Attribute(attr=attr) if attr in SELF_RETURNING:
                above = file.parent(above) or above
            case ast.Call(func=ast.Attribute(attr="append" | "extend" | "add", value=holder)):
                return isinstance(holder, ast.Name) and _only_applied(file, holder)
            case ast.Call(func=func) if _is_container(file, func):
                pass
            case ast.List() | ast.Tuple() | ast.Starred() | ast.IfExp() | ast.keyword():
                pass
            case ast.GeneratorExp() | ast.ListComp():
                pass
            case ast.Assign(targets=[ast.Name() as target]):
                return _only_applied(file, target)
            case ast.Assign(targets=[ast.Attribute() as target]):
                return _is_kept_each_time(file, method, target)
            case ast.Return():
                return file.function(above) is not method
            case _:
                return False
        node = above
    return False


def _only_applied(file: File, name: ast.Name) -> bool:
    """Whether a local name is used to build and apply layers, and for nothing else."""
    function = file.function(name)
    if function is None:
        return False
    return all(
        _harmless(file, use)
        for use in file.inside(function)[ast.Name]
        if use.id == name.id and isinstance(use.ctx, ast.Load)
    )


def _harmless(file: File, use: ast.Name) -> bool:
    node: ast.AST = use
    above = file.parent(node)
    while isinstance(above, (ast.Starred, ast.List, ast.Tuple, ast.Subscript)):
        node, above = above, file.parent(above)
    match above:
        case ast.Call(func=func, args=args):
            return (
                func is node
                or _is_container(file, func)
                or (
                    node in args
                    and isinstance(func, ast.Attribute)
                    and func.attr in ("append", "extend", "add")
                    and isinstance(func.value, ast.Name)
                )
            )
        case ast.Attribute(attr=attr):
            return attr in _HARMLESS
        case ast.For() | ast.comprehension() | ast.Return() | ast.Expr():
            return True
        case ast.Assign(targets=[ast.Name()]):
            return node is not use
    return False


def _is_container(file: File, func: ast.expr) -> bool:
    return (file.qualified(func) or "") in CONTAINERS


def _is_kept_each_time(file: File, method: Function, attribute: ast.expr) -> bool:
    """Whether the forward pass sets `self.x` on every run, not only where it is missing."""
    name = file.dotted(attribute)
    inside = file.inside(method, nested=False)
    for assign in inside[ast.Assign]:
        if any(file.dotted(target) == name for target in assign.targets):
            returned = any(position(r) < position(assign) for r in inside[ast.Return])
            return name is not None and file.parent(assign) is method and not returned
    return False


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
