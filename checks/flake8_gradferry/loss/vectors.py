"""Whether an array is seen to have one axis: `(N,)`, not `(N, 1)`."""

from __future__ import annotations

import ast

from ..source.callframes import End, Path, Value, made_by
from ..source.values import Trace
from .activations import Effect, of_function, of_method

# `f(n)`, `f(a, b, n)`: one axis whatever the numbers are.
_RANGES = frozenset(
    f"{module}.{word}"
    for module in ("torch", "numpy", "tensorflow", "keras.ops")
    for word in ("arange", "linspace", "range", "randperm", "logspace")
)
# `f(n)` has one axis, `f(n, m)` and `f((n, m))` have two.
_BY_SIZE = frozenset(
    f"{module}.{word}"
    for module in ("torch", "numpy", "numpy.random")
    for word in ("rand", "randn", "zeros", "ones", "empty")
)
_ARRAYS = frozenset(
    (
        "torch.tensor torch.as_tensor torch.from_numpy torch.FloatTensor torch.Tensor numpy.array "
        "numpy.asarray tensorflow.constant tensorflow.convert_to_tensor keras.ops.array "
        "keras.ops.convert_to_tensor torch.squeeze tensorflow.squeeze"
    ).split()
)
_MADE_DATA = ("make_regression", "make_classification", "make_moons", "make_circles", "make_blobs")
_FLAT = ("flatten", "ravel")
_KEEPING = ("astype", "copy", "to_numpy", "requires_grad_", "batch", "shuffle", "prefetch", "cache")
_NESTING = 8


def is_vector(value: Value) -> bool:
    """Whether every way to the value is seen to give one axis."""
    return _is_vector(value, (), _NESTING)


def _is_vector(value: Value, path: Path, depth: int) -> bool:
    ends = list(Trace().ends(value, path)) if depth else []
    return bool(ends) and all(_at(end, depth - 1) for end in ends)


def _at(end: End, depth: int) -> bool:
    value, path = end
    match value.node:
        case ast.Call() as call:
            return _made(value, call, path, depth)
        case ast.For(iter=source):
            return _drawn(value.at(source), path, depth)
        case ast.List(elts=[first, _, *_]) if not path:
            return isinstance(first, ast.Constant | ast.UnaryOp)
        case ast.Subscript(slice=ast.Tuple(elts=[ast.Slice(), ast.Constant(value=int())])):
            return not path
        case ast.Attribute(attr="values", value=ast.Subscript(slice=ast.Constant(value=str()))):
            return not path
        case ast.Subscript(value=inner, slice=ast.Slice()):
            return _is_vector(value.at(inner), path, depth)
        case (
            ast.BinOp(left=inner, right=ast.Constant())
            | ast.BinOp(left=ast.Constant(), right=inner)
        ):
            return _is_vector(value.at(inner), path, depth)
    return False


def _made(value: Value, call: ast.Call, path: Path, depth: int) -> bool:
    name = made_by(value) or value.file.qualified(call.func) or ""
    first = value.at(call.args[0]) if call.args else None
    if name.rpartition(".")[2] in _MADE_DATA:
        return path == (1,)
    if name.endswith(".train_test_split"):
        match path:
            case (int(place),) if place // 2 < len(call.args):
                return _is_vector(value.at(call.args[place // 2]), (), depth)
        return False
    if path:
        return False
    if name in _RANGES:
        return True
    if name in _BY_SIZE:
        return len(call.args) == 1 and isinstance(call.args[0], ast.Constant)
    if first is not None and (name in _ARRAYS or of_function(name) is Effect.SAME):
        return _is_vector(first, (), depth)
    match call.func:
        case ast.Attribute(attr=method, value=inner) if not name:
            if method in _FLAT:
                return True
            if method == "to_numpy" and isinstance(inner, ast.Subscript):
                return isinstance(inner.slice, ast.Constant)
            if method in _KEEPING or of_method(method) is Effect.SAME:
                return _is_vector(value.at(inner), (), depth)
    return False


def _drawn(source: Value, path: Path, depth: int) -> bool:
    """What a loop takes out of a DataLoader or dataset."""
    for end in Trace().objects(source):
        match end.value.node, path:
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]), (1, *rest):
                if not _drawn(end.value.at(inner), tuple(rest), depth):
                    return False
            case ast.Call(
                func=ast.Name(id="tqdm") | ast.Attribute(attr="tqdm"), args=[inner, *_]
            ), _:
                if not _drawn(end.value.at(inner), path, depth):
                    return False
            case ast.Call() as call, _:
                if not _held(end.value, call, path, depth):
                    return False
            case _:
                return False
    return True


def _held(value: Value, call: ast.Call, path: Path, depth: int) -> bool:
    """The part of a dataset that a place in its samples comes from."""
    name = made_by(value)
    if name == "torch.utils.data.DataLoader" and call.args and depth:
        return _drawn(value.at(call.args[0]), path, depth - 1)
    match path:
        case (int(place),):
            pass
        case _:
            return False
    if name == "torch.utils.data.TensorDataset" and place < len(call.args):
        return _is_vector(value.at(call.args[place]), (), depth)
    match call:
        case ast.Call(
            func=ast.Attribute(attr="from_tensor_slices"), args=[ast.Tuple(elts=parts)]
        ) if place < len(parts):
            return _is_vector(value.at(parts[place]), (), depth)
        case ast.Call(func=ast.Attribute(attr=method, value=inner)) if method in _KEEPING and depth:
            return _drawn(value.at(inner), path, depth - 1)
    return False
