"""Judgements on numbers that several checks share."""

from __future__ import annotations

import numpy as np

from ..frameworks import Array

# A change of the loss smaller than this part of it is float32 rounding.
_ROUNDING = 1e-5

# How far a change may be from one part of another for all weights, in rounding.
_EVENLY = 0.05


def falls(losses: list[float]) -> bool:
    """Whether a training curve ends below its start: the mean of its last quarter."""
    if len(losses) < 2 or not np.isfinite(losses).all():
        return False
    return tail(losses) < losses[0] - _ROUNDING * abs(losses[0])


def flat(losses: list[float]) -> bool:
    """Whether a training curve neither rises nor falls beyond rounding, at any step."""
    return bool(np.ptp(losses) <= _ROUNDING * max(abs(losses[0]), 1e-12))


def tail(losses: list[float]) -> float:
    return float(np.mean(losses[-max(1, len(losses) // 4) :]))


def distance(found: Array, expected: Array) -> float:
    """The largest difference as a part of the largest expected value."""
    if found.size == 0:
        return 0.0
    scale = float(np.abs(expected).max())
    kind = np.result_type(found, expected, np.float64)  # complex stays complex
    difference = float(np.abs(found.astype(kind) - expected.astype(kind)).max())
    return difference / scale if scale else (0.0 if difference == 0 else float("inf"))


def carried(used: Array, before: Array, fresh: Array) -> float | None:
    """How far a gradient is from the last one used plus the new one; None if it is not that sum.

    The step may have clipped it, so any multiple of the sum counts, if it is not one of the new
    gradient alone; or it may average what it sums up, which makes the new one a part of its size.
    """
    total = before + fresh
    difference = distance(used, total)
    if difference < 1e-3 < distance(used, fresh):
        return difference
    if distance(used, _scaled(fresh, used)) <= 1e-3:
        return None
    difference = distance(used, _scaled(total, used))
    if difference < 1e-5:
        return difference
    added = used - before
    if distance(used, before) < 1e-2 or float((added * fresh).sum()) <= 0:
        return None
    difference = distance(added, _scaled(fresh, added))
    return difference if difference < 1e-4 else None


def remaining(
    start: dict[str, Array], updated: dict[str, Array], end: dict[str, Array]
) -> float | None:
    """The part of an update that is left at the end of its step, where what was done to it after it
    was to move every weight back by the same part; else None."""
    done = [_exact(updated[name]) - _exact(start[name]) for name in start]
    left = [_exact(end[name]) - _exact(start[name]) for name in start]
    square = sum(float((a * a).sum()) for a in done)
    if not square:
        return None
    part = sum(float((a * b).sum()) for a, b in zip(done, left, strict=True)) / square
    rest = sum(float(((b - part * a) ** 2).sum()) for a, b in zip(done, left, strict=True))
    return part if 0 < part < 1 and rest <= (_EVENLY * part) ** 2 * square else None


def normalised(logarithms: Array) -> bool:
    """Whether the rows are logarithms of probabilities."""
    with np.errstate(over="ignore"):
        return bool(np.allclose(np.exp(logarithms.astype(np.float64)).sum(-1), 1, atol=1e-3))


def normalised_over_batch(logarithms: Array) -> bool:
    """Whether its columns are, as of a softmax over the wrong axis."""
    if logarithms.ndim != 2 or len(logarithms) < 2:
        return False
    return normalised(logarithms.T) and not normalised(logarithms)


def _exact(array: Array) -> Array:
    """In float64, complex numbers as pairs."""
    if array.dtype.kind == "c":
        return array.astype(np.complex128)[..., None].view(np.float64)
    return array.astype(np.float64)


def _scaled(array: Array, like: Array) -> Array:
    """The multiple of an array that is nearest to another."""
    square = float((array * array).sum())
    return array * (float((array * like).sum()) / square) if square else array
