"""What True means in a boolean mask, by how the mask was made."""

from __future__ import annotations

import ast
import re
from enum import Enum

from ..model.modes import argument
from ..source.infer import Origin, origins
from ..source.walk import File, remembered_or
from .axes import integer


class Sense(Enum):
    """What True says of a place."""

    KEEP = "attend"
    DROP = "ignore"

    @property
    def opposite(self) -> Sense:
        return Sense.DROP if self is Sense.KEEP else Sense.KEEP


# Methods and functions that change the shape or the type of a mask, not what it says.
_SAME_METHODS = frozenset(
    (
        "bool byte contiguous cpu cuda detach expand expand_as repeat reshape squeeze t to type "
        "unsqueeze view astype"
    ).split()
)
_SAME = frozenset(
    (
        "tensorflow.cast tensorflow.convert_to_tensor tensorflow.expand_dims torch.as_tensor "
        "torch.unsqueeze keras.ops.cast keras.ops.expand_dims numpy.asarray"
    ).split()
)
_FLIPS = frozenset(("torch.logical_not", "tensorflow.logical_not", "keras.ops.logical_not"))
_ONES = ("torch.ones", "torch.ones_like", "tensorflow.ones", "numpy.ones", "keras.ops.ones")
_RANGES = ("torch.arange", "tensorflow.range", "numpy.arange", "keras.ops.arange")
_PAD = re.compile(r"(^|_)pad(ding)?(_|$|id|idx|token)", re.IGNORECASE)
_MASK = re.compile(r"mask|valid|keep|attn|attention|adj|label", re.IGNORECASE)


@remembered_or(None)
def sense(file: File, node: ast.AST) -> Sense | None:
    """What True means in a mask; None where it is no boolean mask or cannot be told.

    A triangle of ones counts only once it is made boolean.
    """
    found = {_sense(origin, boolean=False) for origin in origins(file, node)}
    return found.pop() if len(found) == 1 else None


def as_boolean(file: File, node: ast.AST) -> Sense | None:
    """`sense`, for what takes any number and means its truth, as Keras' layers do."""
    found = {_sense(origin, boolean=True) for origin in origins(file, node)}
    return found.pop() if len(found) == 1 else None


def _of(file: File, node: ast.AST, boolean: bool) -> Sense | None:
    return as_boolean(file, node) if boolean else sense(file, node)


def _sense(origin: Origin, boolean: bool) -> Sense | None:
    file, node = origin.file, origin.node
    if origin.path:
        return None
    match node:
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _compared(file, left, operator, right)
        case ast.UnaryOp(op=ast.Invert() | ast.Not(), operand=inner):
            return _flipped(_of(file, inner, boolean))
        case ast.BinOp(op=ast.Sub(), left=ast.Constant(value=1 | 1.0), right=inner):
            return _flipped(_of(file, inner, boolean)) if boolean else None
        case ast.Subscript(value=inner, slice=index) if _adds_axes(file, index):
            return _of(file, inner, boolean)
        case ast.Call():
            return _called(file, node, boolean)
    return None


def _flipped(found: Sense | None) -> Sense | None:
    return found.opposite if found is not None else None


def _adds_axes(file: File, index: ast.expr) -> bool:
    items = index.elts if isinstance(index, ast.Tuple) else [index]
    return all(
        (isinstance(item, ast.Constant) and item.value in (None, Ellipsis))
        or (isinstance(item, ast.Slice) and item.lower is item.upper is item.step is None)
        or file.qualified(item) in ("tensorflow.newaxis", "numpy.newaxis")
        for item in items
    )


def _called(file: File, call: ast.Call, boolean: bool) -> Sense | None:
    name, func = file.qualified(call.func), call.func
    if name in _FLIPS and call.args:
        return _flipped(_of(file, call.args[0], True))
    if name in _SAME and call.args:
        return _of(file, call.args[0], boolean or _names_bool(file, call))
    if name == "tensorflow.sequence_mask":
        return Sense.KEEP
    if name in ("torch.ne", "tensorflow.not_equal", "keras.ops.not_equal", "numpy.not_equal"):
        return _compared(file, call.args[0], ast.NotEq(), call.args[1]) if call.args[1:] else None
    if name in ("torch.eq", "tensorflow.equal", "keras.ops.equal", "numpy.equal"):
        return _compared(file, call.args[0], ast.Eq(), call.args[1]) if call.args[1:] else None
    if name is not None:
        return _triangle(file, call, name, boolean)
    if not isinstance(func, ast.Attribute):
        return None
    match func.attr, call.args:
        case "ne", [other]:
            return _compared(file, func.value, ast.NotEq(), other)
        case "eq", [other]:
            return _compared(file, func.value, ast.Eq(), other)
        case "logical_not", []:
            return _flipped(_of(file, func.value, True))
        case method, _ if method in _SAME_METHODS:
            return _of(file, func.value, boolean or method == "bool" or _names_bool(file, call))
    return None


def _names_bool(file: File, call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(
        file.qualified(item) in ("torch.bool", "tensorflow.bool", "numpy.bool_")
        or (isinstance(item, ast.Name) and item.id == "bool")
        or (isinstance(item, ast.Constant) and item.value == "bool")
        for item in given
    )


def _triangle(file: File, call: ast.Call, name: str, boolean: bool) -> Sense | None:
    """`tril(ones)` keeps the past, `triu(ones, 1)` is the future."""
    last = name.rpartition(".")[2]
    if last == "band_part":
        match call.args[1:]:
            case [lower, upper] if boolean and _is_ones(file, call.args[0], boolean):
                return Sense.KEEP if (integer(lower), integer(upper)) == (-1, 0) else None
        return None
    if last not in ("tril", "triu") or not call.args or not _is_ones(file, call.args[0], boolean):
        return None
    diagonal = argument(call, "diagonal", 1) or argument(call, "k", None)
    above = integer(diagonal) if diagonal is not None else 0
    if last == "tril":
        return Sense.KEEP if above == 0 else None
    return Sense.DROP if above == 1 else None


def _is_ones(file: File, node: ast.expr, boolean: bool) -> bool:
    for origin in origins(file, node):
        call = origin.call
        if call is None or origin.file.qualified(call.func) not in _ONES:
            return False
        if not boolean and not _names_bool(origin.file, call):
            return False
    return True


def _compared(file: File, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Sense | None:
    match operator:
        case ast.Lt() | ast.GtE():
            earlier = isinstance(operator, ast.Lt)
            if _is_range(file, left):  # arange(T) < lengths
                return Sense.KEEP if earlier else Sense.DROP
            return None
        case ast.Gt() | ast.LtE():
            if _is_range(file, right):  # lengths > arange(T)
                return Sense.KEEP if isinstance(operator, ast.Gt) else Sense.DROP
            return None
        case ast.Eq() | ast.NotEq():
            equal = isinstance(operator, ast.Eq)
        case _:
            return None
    match right:
        case ast.Constant(value=bool() | int() as number) if number in (0, 1):
            known = as_boolean(file, left)
            if known is not None:
                return known if equal is bool(number) else known.opposite
            if number or number is False or _MASK.search(_word(file, left)):
                return None
        case _:
            if not _PAD.search(_word(file, right)):
                return None
    return Sense.DROP if equal else Sense.KEEP


def _word(file: File, node: ast.expr) -> str:
    """The last part of a name."""
    return (file.dotted(node) or "?mask").rpartition(".")[2]


def _is_range(file: File, node: ast.expr) -> bool:
    while True:
        match node:
            case ast.Subscript(value=inner) | ast.Call(func=ast.Attribute(value=inner)) if (
                not isinstance(node, ast.Call) or file.qualified(node.func) is None
            ):
                node = inner
            case _:
                break
    found = origins(file, node)
    return all(
        origin.call is not None and origin.file.qualified(origin.call.func) in _RANGES
        for origin in found
    )
