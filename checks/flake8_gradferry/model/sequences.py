"""The layers that stand in a row: `Sequential(...)`, lists that grow, `.add` after `.add`."""

from __future__ import annotations

import ast
import sys
from typing import NamedTuple

from ..source.callframes import Value, made_by
from ..source.values import Trace
from ..source.walk import FUNCTIONS, LOOPS, position

_SEQUENCES = frozenset(
    ("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict", "keras.Sequential")
)
_GROWING = {"append": 0, "add": 0, "add_module": 1, "extend": 0}
_SHRINKING = frozenset(("pop", "insert", "remove", "clear", "reverse", "sort"))


class Item(NamedTuple):
    """One layer of a row."""

    value: Value | None  # None: some layers, nobody can say which
    certain: bool = True  # False where it may be missing: under an `if`, in a loop


def items(trace: Trace, value: Value) -> list[Item] | None:
    """The layers in order; None where nothing at all can be seen."""
    # What `+=` adds is found with all else that is added.
    ends = [e for e in trace.ends(value) if not isinstance(e.value.node, ast.AugAssign)]
    if len(ends) != 1 or ends[0].path:
        return None
    end = ends[0].value
    match end.node:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return _elements(trace, end, elements) + _grown(trace, end)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _or_unseen(items(trace, end.at(left))) + _or_unseen(items(trace, end.at(right)))
        case ast.ListComp(elt=element):
            return [Item(end.at(element))]
        case ast.Call() as call:
            return _called(trace, end, call)
    return None


def _or_unseen(found: list[Item] | None) -> list[Item]:
    return [Item(None)] if found is None else found


def _elements(trace: Trace, value: Value, elements: list[ast.expr]) -> list[Item]:
    found: list[Item] = []
    for element in elements:
        match element:
            case ast.Starred(value=inner):
                found += _or_unseen(items(trace, value.at(inner)))
            case ast.Tuple(elts=[ast.Constant(), layer]):  # OrderedDict's pairs
                found.append(Item(value.at(layer)))
            case _:
                found.append(Item(value.at(element)))
    return found


def _called(trace: Trace, value: Value, call: ast.Call) -> list[Item] | None:
    name = made_by(value)
    if name not in _SEQUENCES:
        match call:
            case ast.Call(func=ast.Attribute(attr="__init__", value=ast.Call())):
                pass  # `super().__init__(...)` of a class that is a Sequential
            case ast.Call(func=ast.Name(id="list" | "tuple" | "OrderedDict"), args=[inner]):
                return items(trace, value.at(inner))
            case ast.Call(func=ast.Attribute(attr="OrderedDict"), args=[inner]):
                return items(trace, value.at(inner))
            case ast.Call(func=ast.Attribute(value=holder, attr="values"), args=[]):
                return items(trace, value.at(holder))
            case _:
                entered = trace.entered(value)
                if entered is None:
                    return None
                returned = trace.returned(entered)
                return items(trace, returned[0]) if len(returned) == 1 else None
    found: list[Item] = []
    arguments = list(call.args) or [k.value for k in call.keywords if k.arg == "layers"]
    match arguments:
        case [ast.Dict(values=layers)]:
            found = _elements(trace, value, layers)
        case [only] if name != "torch.nn.Sequential" or _is_pairs(trace, value.at(only)):
            found = _or_unseen(items(trace, value.at(only)))
        case _:
            found = _elements(trace, value, arguments)
    return found + _grown(trace, value)


def _is_pairs(trace: Trace, argument: Value) -> bool:
    """Whether `nn.Sequential`'s one argument is an OrderedDict, not its one layer."""
    for end in trace.ends(argument):
        match end.value.node:
            case ast.Call(func=ast.Name(id="OrderedDict") | ast.Attribute(attr="OrderedDict")):
                return True
    return False


def _grown(trace: Trace, value: Value) -> list[Item]:
    """What is added, after it was made, to a list or Sequential that has a name."""
    file, made = value.file, value.node
    assign = file.parent(made)
    match assign:
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            name = file.dotted(target)
        case _:
            return []
    if name is None:
        return []
    function = file.enclosing(made, *FUNCTIONS)
    here = file.inside(function if function is not None else file.tree, nested=False)
    start = position(made)
    rebound = [
        position(other)
        for other in here[ast.Assign]
        if position(other) > start and any(file.dotted(t) == name for t in other.targets)
    ]
    stop = min(rebound, default=(sys.maxsize, 0))
    changes: list[ast.AST] = [*here[ast.Call], *here[ast.AugAssign]]
    found: list[Item] = []
    for node in sorted(changes, key=position):
        if not start < position(node) < stop:
            continue
        added = _added(trace, value, name, node)
        if added:
            certain = _always(value, assign, node)
            found += [item._replace(certain=item.certain and certain) for item in added]
    return found


def _added(trace: Trace, value: Value, name: str, node: ast.AST) -> list[Item]:
    match node:
        case ast.AugAssign(op=ast.Add(), target=target, value=more):
            if value.file.dotted(target) == name:
                return _or_unseen(items(trace, value.at(more)))
        case ast.Call(func=ast.Attribute(value=holder, attr=method), args=args):
            if value.file.dotted(holder) != name:
                if method in _SHRINKING and (value.file.dotted(holder) or "").startswith(name):
                    return [Item(None)]  # `model.layers.pop()`
                return []
            if method in _SHRINKING:
                return [Item(None)]
            place = _GROWING.get(method)
            if place is None or len(args) <= place:
                return []
            if method == "extend":
                return _or_unseen(items(trace, value.at(args[0])))
            return [Item(value.at(args[place]))]
    return []


def _always(value: Value, made: ast.AST | None, change: ast.AST) -> bool:
    """Whether the change runs whenever the row is made."""
    around = [a for a in value.file.ancestors(change) if isinstance(a, (ast.If, ast.Try, *LOOPS))]
    outside = set(value.file.ancestors(made)) if made is not None else set()
    return all(block in outside for block in around)


__all__ = ["Item", "items"]
