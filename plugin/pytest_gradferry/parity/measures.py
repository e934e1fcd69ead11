"""How far two arrays are apart, in one number that knows no scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .layout import Array


@dataclass
class Measure:
    """How far the port is off: max|a - b| / max|b| over all that the rung compares."""

    error: float
    worst: str = ""
    detail: str = ""
    explained: str = ""


def relative(ours: Array, theirs: Array, floor: float = 0.0) -> float:
    """max|ours - theirs| / max(max|theirs|, floor); infinite where shapes or NaNs differ.

    Scale-free, and not by element, so that it does not explode on the near-zero ones.
    """
    if ours.shape != theirs.shape:
        return float("inf")
    if not ours.size:
        return 0.0
    a, b = ours.astype(np.float64, copy=False), theirs.astype(np.float64, copy=False)
    finite = np.isfinite(b)
    if not finite.all() or not np.isfinite(a).all():
        if not np.array_equal(finite, np.isfinite(a)) or not np.array_equal(
            a[~finite], b[~finite], equal_nan=True
        ):
            return float("inf")
        if not finite.any():
            return 0.0
        a, b = a[finite], b[finite]
    error = float(np.abs(a - b).max())
    scale = max(float(b.max()), -float(b.min()), floor)
    if error == 0.0:
        return 0.0
    return error / scale if scale else float("inf")


def largest(arrays: Iterable[Array]) -> float:
    """max|a| over all of them."""
    return max((float(np.abs(a).max()) for a in arrays if a.size), default=0.0)
