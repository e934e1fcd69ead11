"""Where the channel axis stands: second in torch, last in Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import tree
from .errors import ParityInputError

Array = npt.NDArray[Any]


def channels_last(array: Array) -> Array:
    """(N, C, ...) as (N, ..., C)."""
    return np.moveaxis(array, 1, -1)


def channels_first(array: Array) -> Array:
    """(N, ..., C) as (N, C, ...)."""
    return np.moveaxis(array, -1, 1)


def mover(source: str, target: str) -> Callable[[Array], Array]:
    """What takes a model's input or output from one framework's layout to the other's.

    Float arrays of rank 4 and 5 (images, volumes) move their channel axis; anything else has no
    layout that can be told from its shape, and passes unchanged.
    """
    move = channels_last if (source, target) == ("torch", "keras") else channels_first

    def moved(array: Array) -> Array:
        spatial = array.ndim in (4, 5) and array.dtype.kind == "f"
        return move(array) if spatial and source != target else array

    return moved


def override(given: Any, value: Any, default: Callable[[Array], Array]) -> Any:
    """What the user's `port_inputs` or `port_outputs` makes of `value`.

    A callable gets `value`; a tuple, list or dict holds one override for each part; an array
    stands for itself; None is the default.
    """
    if given is None:
        return tree.transform(default, value)
    if callable(given):
        return given(value)
    if isinstance(given, dict) and isinstance(value, dict):
        if unknown := sorted(set(given) - set(value)):
            raise ParityInputError(f"port override for {unknown}, but there are {sorted(value)}")
        return {key: override(given.get(key), value[key], default) for key in sorted(value)}
    if isinstance(given, (list, tuple)) and isinstance(value, (list, tuple)):
        if len(given) != len(value):
            raise ParityInputError(f"{len(given)} port overrides for {len(value)} arrays")
        return tuple(override(g, v, default) for g, v in zip(given, value, strict=True))
    return tree.transform(np.asarray, given)


@dataclass(frozen=True)
class Rearrangement:
    """Target arrays as positions in the concatenated source arrays: values move, and stay the same.

    `positions[i]` has the shape of target array i.
    """

    positions: list[Array]
    source_shapes: list[tuple[int, ...]]

    def forward(self, sources: list[Array]) -> list[Array]:
        flat = np.concatenate([np.ravel(source) for source in sources])
        return [flat[positions] for positions in self.positions]

    def backward(self, targets: list[Array]) -> list[Array]:
        """The inverse of `forward`: gradients of the targets, in the sources' layout."""
        sizes = [int(np.prod(shape)) for shape in self.source_shapes]
        flat = np.empty(sum(sizes), dtype=targets[0].dtype)
        for positions, target in zip(self.positions, targets, strict=True):
            flat[positions] = target
        parts = np.split(flat, np.cumsum(sizes)[:-1])
        return [p.reshape(s) for p, s in zip(parts, self.source_shapes, strict=True)]


def rearrangement(function: Callable[[Any], Any], source: Any) -> Rearrangement | None:
    """How `function` moves the values of `source` about, or None where it changes or repeats them.

    Found by passing positions through it instead of values, so any transpose or reshape of the
    user's own is understood.
    """
    count = 0

    def numbered(array: Array) -> Array:
        nonlocal count
        first, count = count, count + array.size
        kind = np.float64 if array.dtype.kind == "f" else np.int64  # as `mover` tells them apart
        return np.arange(first, count, dtype=kind).reshape(array.shape)

    numbers = tree.transform(numbered, source)
    try:
        moved = [np.asarray(leaf) for leaf in tree.leaves(function(numbers))]
    except Exception:
        return None
    if not moved or sum(leaf.size for leaf in moved) != count:
        return None
    if not np.array_equal(np.sort(np.concatenate([m.ravel() for m in moved])), np.arange(count)):
        return None
    shapes = [np.shape(leaf) for leaf in tree.leaves(source)]
    return Rearrangement([m.astype(np.int64) for m in moved], shapes)
