"""Where a torch model lets the samples of a batch act on each other."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...frameworks import Array, get, load
from ..tree import leaves
from .function_mode import functions_through

_TOLERANCE = 1e-4  # of the largest value
_HERE = str(Path(__file__).parents[2])


@dataclass
class Call:
    """A call of a torch function: what it was given, what it gave, and where that is written."""

    described: str
    place: str
    given: list[Array]
    result: list[Array]


def calls_seen(calls: list[Call]) -> Any:
    """A context that notes all calls of torch functions inside, in order."""
    torch = load("torch")

    def arrays(tree: Any) -> list[Array]:
        tensors = [leaf for leaf in leaves(tree) if isinstance(leaf, torch.Tensor)]
        return [get("torch").to_numpy(t) for t in tensors if t.layout == torch.strided]

    def seen(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        given = arrays([list(args), kwargs])
        result = function(*args, **kwargs)
        calls.append(Call(_described(function, args, kwargs), user_line(), given, arrays([result])))
        return result

    return functions_through(seen)


def first_mixing(calls: list[Call], changed: list[Call], kept: Array) -> str:
    """The first call that keeps the samples apart in what it is given, and not in what it gives.

    `changed` are the same calls with other values in all samples but those `kept`, a mask.  Empty
    where the two went different ways, or no call is to blame.
    """
    for one, other in zip(calls, changed, strict=False):
        if one.described != other.described:
            return ""
        if not _apart(one.given, other.given, kept):
            return ""
        if not _apart(one.result, other.result, kept):
            told = one.described + _crossed(one)
            return f"{told} ({one.place})" if one.place else told
    return ""


def _crossed(call: Call) -> str:
    """The shapes, if it is given two that are broadcast to a larger one than either."""
    shapes = [array.shape for array in call.given]
    if len(shapes) != 2 or len(call.result) != 1 or len(shapes[0]) == len(shapes[1]):
        return ""
    larger = call.result[0].size > max(array.size for array in call.given)
    return f" of {shapes[0]} and {shapes[1]} to {call.result[0].shape}" if larger else ""


def _apart(ones: list[Array], others: list[Array], kept: Array) -> bool:
    if len(ones) != len(others):
        return False
    return all(_same_samples(one, other, kept) for one, other in zip(ones, others, strict=True))


def _same_samples(one: Array, other: Array, kept: Array) -> bool:
    """Whether the samples kept are the same in both, on whatever axis the batch stands."""
    if one.shape != other.shape:
        return False
    if np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
        return True
    size = len(kept)
    views = [(a, b) for a, b in _views(one, other, size)]
    return any(_close(a[kept], b[kept]) for a, b in views)


def _views(one: Array, other: Array, size: int) -> Any:
    """Both arrays with the batch on axis 0, in every way it may stand in them."""
    for axis, length in enumerate(one.shape):
        if length == size:
            yield np.moveaxis(one, axis, 0), np.moveaxis(other, axis, 0)
    if one.ndim and one.shape[0] % size == 0 and one.shape[0] > size:
        yield one.reshape(size, -1), other.reshape(size, -1)
        rows = one.shape[0] // size
        yield tuple(x.reshape(rows, size, -1).swapaxes(0, 1) for x in (one, other))


def _close(one: Array, other: Array) -> bool:
    if one.dtype.kind not in "fc":
        return bool(np.array_equal(one, other))
    scale = float(np.abs(one[np.isfinite(one)]).max(initial=0))
    return bool(np.allclose(one, other, rtol=0, atol=_TOLERANCE * scale, equal_nan=True))


def _described(function: Any, args: Any, kwargs: dict[str, Any]) -> str:
    name = getattr(function, "__name__", str(function))
    if name == "__getitem__":
        return "indexing"
    numbers = [repr(a) for a in args[1:] if isinstance(a, (int, tuple, list)) and _plain(a)]
    numbers += [f"{key}={value!r}" for key, value in kwargs.items() if _plain(value)]
    return f"{name}({', '.join(numbers)})"


def _plain(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(isinstance(each, int) for each in value)
    return isinstance(value, (int, float, str))


def user_line() -> str:
    """The line of the user's code that is being run: "net.py, line 12"."""
    torch_files = str(Path(load("torch").__file__).parent)
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith((torch_files, _HERE, "<")):
        frame = frame.f_back  # type: ignore[assignment]
    return f"{Path(frame.f_code.co_filename).name}, line {frame.f_lineno}" if frame else ""
