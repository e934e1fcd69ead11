"""Which axis of a sequence its author takes for the batch: said by the code around a layer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..model.modes import argument
from ..source.infer import Origin, argument_for, function_of, lineage, origins
from ..source.walk import FUNCTIONS, File, Index, remembered
from .axes import applied, axis, flag, integer, leading, leading_input

_BATCH = re.compile(r"(b|bs|bsz|bz|n?_?batch_?(size|sz|dim|num|n)?|mini_?batch(_?size)?)", re.I)
_STATES = frozenset(f"torch.{name}" for name in ("empty", "ones", "rand", "randn", "zeros"))
_RANDOM = frozenset(f"torch.{name}" for name in ("ones", "rand", "randn", "zeros"))
_PADS = ("torch.nn.utils.rnn.pad_sequence", "torch.nn.utils.rnn.pad_packed_sequence")
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


def fed_batch_first(file: File, sequence: ast.expr) -> bool:
    """Whether a layer's input, or what its module is run on in the same file, is batch first.

    That is what a DataLoader yields, untouched, `pad_sequence(..., batch_first=True)`, or
    `torch.randn(batch_size, ...)`.
    """
    found = leading_input(file, sequence)
    if found and all(_is_batch(origin) for origin in found):
        return True
    entry = found[0].node if len(found) == 1 and not found[0].path else None
    if not isinstance(entry, ast.arg) or (function := file.function(entry)) is None:
        return False
    cls = file.owner(function)
    if cls is None or function.name != "forward" or entry not in function.args.args[1:2]:
        return False
    return any(
        _is_batch(origin) for call in _runs(file, cls) for origin in leading(file, call.args[0])
    )


@remembered
def _runs(file: File, cls: ast.ClassDef) -> list[ast.Call]:
    """The calls in a file that run an instance of one of its classes."""
    found = []
    for call in file.index[ast.Call]:
        if not call.args or file.qualified(call.func) is not None:
            continue
        match call.func:
            case ast.Name(id="self"):
                if file.method_class(call) is cls:
                    found.append(call)
            case ast.Name() | ast.Attribute(value=ast.Name(id="self")):
                layer = applied(file, call)
                if layer is not None and layer.cls is not None and layer.cls.node is cls:
                    found.append(call)
    return found


def _is_batch(origin: Origin) -> bool:
    """Whether a value is a batch with the samples along axis 0."""
    file, node = origin.file, origin.node
    match node:
        case ast.For(iter=ast.Call(func=ast.Name(id="enumerate"), args=[loader, *_])):
            return origin.path == (1, 0) and _is_loader(file, loader)
        case ast.For(iter=loader):
            return origin.path == (0,) and _is_loader(file, loader)
        case ast.arg(arg="batch") if origin.path == (0,):
            step = file.function(node)  # of a LightningModule, which makes no batches itself
            cls = file.owner(step) if step is not None else None
            return (
                step is not None
                and step.name == "training_step"
                and cls is not None
                and "lightning.LightningModule" in lineage(file, cls).names
                and all(given.arg != "collate_fn" for given in file.index[ast.keyword])
            )
        case ast.Call(func=func) if (file.qualified(func) or "").startswith(_PADS):
            return flag(node, "batch_first", 1) is True
        case ast.Call(func=func, args=[ast.Name(id=size), _, *_]):
            return file.qualified(func) in _RANDOM and _BATCH.fullmatch(size) is not None
    return False


def _is_loader(file: File, node: ast.expr) -> bool:
    """Whether a value is a DataLoader that stacks its samples as it does by itself."""
    found = origins(file, node)
    return bool(found) and all(
        origin.callee == "torch.utils.data.DataLoader"
        and origin.call is not None
        and all(given.arg not in ("collate_fn", None) for given in origin.call.keywords)
        for origin in found
    )
