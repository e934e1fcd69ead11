"""What a reshape does to the axes of a value, where the new sizes are written as old ones."""

from __future__ import annotations

import ast
from typing import NamedTuple

from ..loop.things import imports_torch
from ..model.modes import argument
from ..source.infer import reaching
from ..source.walk import File
from .axes import Axis, axis, integer, same_value

METHODS = ("view", "reshape")
FUNCTIONS = {
    "torch.reshape": "permute",
    "numpy.reshape": "np.transpose",
    "tensorflow.reshape": "tf.transpose",
    "keras.ops.reshape": "ops.transpose",
    "keras.backend.reshape": "transpose",
}


class Reshape(NamedTuple):
    """A call that reshapes `value` to `sizes`; `mover` is what moves axes there."""

    value: ast.expr
    sizes: list[ast.expr]
    mover: str


def reshape_of(file: File, call: ast.Call) -> Reshape | None:
    """The reshape that a call is, with its new sizes where they are written out."""
    func = call.func
    name = file.qualified(func)
    if name in FUNCTIONS:
        value = argument(call, "input", 0) or argument(call, "tensor", None)
        sizes = argument(call, "shape", 1) or argument(call, "newshape", None)
        mover = FUNCTIONS[name]
        given = [sizes] if sizes is not None else []
    elif isinstance(func, ast.Attribute) and func.attr in METHODS and name is None:
        value, given = func.value, call.args
        mover = "permute" if func.attr == "view" or imports_torch(file) else "transpose"
    else:
        return None
    match given:
        case [ast.Tuple(elts=sizes_given) | ast.List(elts=sizes_given)]:
            given = sizes_given
    if value is None or any(isinstance(size, ast.Starred) for size in given):
        return None
    return Reshape(value, given, mover)


def moved_axes(file: File, reshape: Reshape) -> list[list[int]] | None:
    """The old axes in the order in which the new sizes name them, where that is another order.

    A reshape keeps the elements in their order, so that such a one scrambles them. One -1 stands
    for the axes that are not named. None: in order, or not to be told.
    """
    rank: int | None = None
    dims: list[list[int]] = []
    unnamed: list[int] | None = None
    for size in reshape.sizes:
        if integer(size) == -1:
            if unnamed is not None:
                return None
            unnamed = []
            dims.append(unnamed)
            continue
        factors = _factors(file, size, reshape.value)
        if factors is None:
            return None
        dims.append(sorted(found.place for found in factors))
        rank = next((found.rank for found in factors if found.rank is not None), rank)
    named = [place for dim in dims for place in dim]
    if len(named) < 2 or len(set(named)) < len(named) or min(named) < 0:
        return None
    missing = sorted(set(range(rank or max(named) + 1)) - set(named))
    if unnamed is None:
        return dims if not missing and named != sorted(named) else None
    if named == sorted(named) and missing in ([], [0]):
        return None  # `h.view(h.size(1), -1)`: the first axis of an RNN's state is often 1
    unnamed += missing
    everything = [place for dim in dims for place in dim]
    return dims if everything != sorted(everything) else None


def _factors(file: File, size: ast.expr, value: ast.expr) -> list[Axis] | None:
    """The axes of `value` that a size is the product of."""
    match size:
        case ast.Constant(value=1):
            return []
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            one, other = _factors(file, left, value), _factors(file, right, value)
            return None if one is None or other is None else one + other
    found = axis(file, size)
    if found is not None:
        return [found] if same_value(file, found.of, value) else None
    if isinstance(size, ast.Name):
        bindings = reaching(file, size)
        if len(bindings) == 1 and isinstance(bindings[0].value, ast.BinOp):
            return _factors(file, bindings[0].value, value)
    return None
