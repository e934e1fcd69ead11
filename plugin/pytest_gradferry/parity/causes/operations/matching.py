"""Which values of two models are the same but for their layout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from ...layout import Array, channels_first, channels_last
from .stream import Value

# Of the same computation in two frameworks; TensorFlow has float32 constants of its own.
_SAME = {"float64": 1e-6, "float32": 1e-4}
_LARGEST = 1 << 21  # of what is looked for under any order of its axes


@dataclass(frozen=True)
class Match:
    """`ours`, flattened and taken in `order`, is `theirs`, flattened."""

    theirs: Value
    ours: Value
    order: Array


class Values:
    """Values of one model, to be asked for those of the other."""

    def __init__(self, values: Iterable[Value], dtype: str) -> None:
        self._same = _SAME[dtype]
        self._by_size: defaultdict[int, list[tuple[Array, Value]]] = defaultdict(list)
        for value in values:
            if value.floats:
                self._by_size[value.array.size].append((_fingerprint(value.array), value))

    def like(self, theirs: Value, before: int, loose: bool) -> Match | None:
        """The last value made before operation `before` that equals `theirs` in one of the two
        frameworks' layouts or, if `loose`, under any order of the axes."""
        wanted = _fingerprint(theirs.array)
        close = [
            ours
            for fingerprint, ours in reversed(self._by_size[theirs.array.size])
            if ours.index < before and _close(fingerprint, wanted, self._same)
        ]
        # What a call hands out rather than what it makes on its way.
        for ours in sorted(close, key=lambda value: not value.ends):
            order = arrangement(ours.array, theirs.array, loose, self._same)
            if order is not None:
                return Match(theirs, ours, order)
        return None

    def exactly(self, array: Array, before: int) -> Value | None:
        """The last value made before operation `before` that is `array`, in its very shape."""
        wanted = _fingerprint(array)
        for fingerprint, ours in reversed(self._by_size[array.size]):
            if ours.index < before and ours.array.shape == array.shape:
                close = _close(fingerprint, wanted, self._same)
                if close and _alike(ours.array, array, self._same):
                    return ours
        return None


def _alike(ours: Array, theirs: Array, same: float) -> bool:
    """Each element, to within `same` of itself or of a usual one: a mask's -1e9 hides nothing."""
    if ours.shape != theirs.shape:
        return False
    size = np.abs(theirs[np.isfinite(theirs) & (theirs != 0)])
    usual = float(np.median(size)) if size.size else 0.0
    with np.errstate(invalid="ignore"):
        close = np.abs(ours - theirs) <= same * (np.abs(theirs) + usual)
    return bool((close | (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))).all())


def _fingerprint(array: Array) -> Array:
    """Numbers that no change of the layout changes."""
    if not array.size:
        return np.zeros(4)
    a = array.astype(np.float64)
    return np.array([a.max(), a.min(), a.mean(), np.sqrt((a * a).mean())])


def _close(a: Array, b: Array, same: float) -> bool:
    finite = np.isfinite(a)
    if not np.array_equal(finite, np.isfinite(b)):
        return False
    scale = np.abs(b[finite]).max(initial=0.0)
    return bool(np.abs(a[finite] - b[finite]).max(initial=0.0) <= same * scale)


def arrangement(ours: Array, theirs: Array, loose: bool, same: float = 1e-6) -> Array | None:
    """Positions in `ours`, flattened, of the elements of `theirs`, flattened; None if there are
    none."""
    flat, wanted = ours.ravel(), theirs.ravel()
    if flat.shape != wanted.shape:
        return None
    for order in _natural(ours, theirs):
        if _alike(flat[order], wanted, same):
            return order
    if not loose or ours.size > _LARGEST:
        return None
    positions: Array = np.arange(ours.size).reshape(ours.shape)
    if 2 <= ours.ndim <= 5:
        for axes in permutations(range(ours.ndim)):
            turned: Array = positions.transpose(axes).ravel()
            if _alike(flat[turned], wanted, same):
                return turned
    return _by_rank(flat, wanted, same)


def _natural(ours: Array, theirs: Array) -> Iterator[Array]:
    """The same order, and the channel axis moved between second and last, on either side."""
    yield np.arange(ours.size)
    for move in (channels_first, channels_last):
        if ours.ndim > 2:
            yield move(np.arange(ours.size).reshape(ours.shape)).ravel()
        if theirs.ndim > 2:
            yield np.argsort(move(np.arange(theirs.size).reshape(theirs.shape)).ravel())


def _by_rank(ours: Array, theirs: Array, same: float) -> Array | None:
    """Where no value stands twice, sorting both tells which is which."""
    if not np.isfinite(ours).all() or not np.isfinite(theirs).all():
        return None
    ranks, wanted = np.argsort(ours), np.argsort(theirs)
    gaps = np.diff(ours[ranks])
    scale = np.abs(theirs).max(initial=0.0)
    if not gaps.size or gaps.min() <= 2 * same * same * scale:
        return None
    order: Array = np.empty_like(ranks)
    order[wanted] = ranks
    return order if _alike(ours[order], theirs, same) else None
