"""Which axis of a sequence its author takes for the batch: said by the code around a layer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .axes import axis, integer, leading, leading_input
from .infer import Origin, argument_for, function_of
from .modes import argument
from .walk import FUNCTIONS, File, Index

_BATCH = re.compile(r"(b|bs|bsz|bz|n?_?batch_?(size|sz|dim|num|n)?|mini_?batch(_?size)?)", re.I)
_STATES = frozenset(f"torch.{name}" for name in ("empty", "ones", "rand", "randn", "zeros"))
_POOLS = frozenset("amax max mean sum".split())


def around(file: File, call: ast.Call) -> Index:
    """What stands in the function, or the module, that a call stands in."""
    return file.inside(file.function(call) or file.tree, nested=False)


def named_batch(file: File, call: ast.Call, sequence: ast.expr) -> set[int]:
    """The axes of a layer's input whose size the function treats as the batch size.

    By a name (`batch_size = x.size(0)`), or as the second size of a zero state.
    """
    wanted = leading_input(file, sequence)
    found: set[int] = set()
    inside = around(file, call)
    for size in _batch_sizes(file, inside):
        taken = axis(file, size)
        if taken is not None and leading_input(file, taken.of) == wanted:
            found.add(taken.place)
    return found


def _batch_sizes(file: File, inside: Index) -> Iterator[ast.expr]:
    for assign in inside[ast.Assign]:
        target = assign.targets[0]
        if isinstance(target, ast.Name) and _BATCH.fullmatch(target.id):
            yield assign.value
    for name in inside[ast.Name]:
        if isinstance(name.ctx, ast.Load) and _BATCH.fullmatch(name.id):
            yield name
    for call in inside[ast.Call]:
        if file.qualified(call.func) in _STATES:
            sizes = call.args
            match sizes:
                case [ast.Tuple(elts=inner)] | [ast.List(elts=inner)]:
                    sizes = inner
            if len(sizes) == 3:
                yield sizes[1]
        elif len(call.args) == 1 and axis(file, call.args[0]) is not None:
            callee = function_of(file, call.func)
            if callee is not None and isinstance(callee.node, FUNCTIONS):
                for parameter in callee.node.args.args:
                    if _BATCH.fullmatch(parameter.arg):
                        given = argument_for(callee, call, parameter)
                        if given is call.args[0]:
                            yield given


def read_at(
    file: File, call: ast.Call, path: tuple[int, ...]
) -> Iterator[tuple[ast.Subscript, int]]:
    """Where all of axis 0 and one place of axis 1 of a layer's output is read: `out[:, -1]`."""
    wanted = [Origin(file, call, path)]
    for node in around(file, call)[ast.Subscript]:
        match node.slice:
            case ast.Tuple(elts=[ast.Slice(lower=None, upper=None, step=None), place, *rest]):
                index = integer(place)
                if index is not None and len(rest) < 2 and leading(file, node.value) == wanted:
                    yield node, index


def pooled(file: File, call: ast.Call, path: tuple[int, ...]) -> Iterator[ast.Call]:
    """Where a layer's output is averaged, summed or maximised over axis 1."""
    wanted = [Origin(file, call, path)]
    for node in around(file, call)[ast.Call]:
        func = node.func
        if not isinstance(func, ast.Attribute) or func.attr not in _POOLS:
            continue
        if file.qualified(func) is None:
            value, over = func.value, argument(node, "dim", 0)
        elif file.qualified(func) == f"torch.{func.attr}" and node.args:
            value, over = node.args[0], argument(node, "dim", 1)
        else:
            continue
        if over is not None and integer(over) == 1 and leading(file, value) == wanted:
            yield node
