"""batch-independence: in evaluation the output of a sample does not depend on the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...frameworks import Array
from ..errors import SmokeError
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, follows, passed, skipped
from ..tree import leaves
from ..verdict import distance, normalised_over_batch
from . import UNSTEADY, Check
from . import failed as has_failed
from .pairing import output_rows, targets_follow

_TOLERANCE = 1e-5  # of the largest output; float32 rounding is 1e-6


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    trainee = evidence.trainee
    evidence.watched  # noqa: B018  how the step calls the model is known after it
    try:
        given = trainee.call_leaves()
        if not evidence.steady:
            check = "reproducible"
            return follows(check) if has_failed(earlier, check) else skipped(UNSTEADY)
    except SmokeError as error:
        return skipped(str(error))
    size = _batch_size(trainee, given)
    if size is None:
        return skipped("no batch axis shared by inputs and targets")
    if size < 2:
        return skipped("a batch of one sample")
    try:
        worst = _mixing(evidence, given, size, axis=0)
    except _CannotTell as reason:
        return skipped(str(reason))
    if worst <= _TOLERANCE:
        return passed()
    if _sequence_first(evidence, given):
        return passed("batch on axis 1")
    what = f"with other samples in the batch, a sample's output changes by {worst:.2g} of the "
    what += "largest output"
    outputs = evidence.watched[0].outputs
    with np.errstate(all="ignore"):
        over_batch = outputs is not None and (
            normalised_over_batch(outputs) or normalised_over_batch(np.log(outputs))
        )
    if over_batch:
        if has_failed(earlier, "loss-input"):
            return follows("loss-input")
        return failed(
            Finding(
                what,
                cause="the outputs of all samples together sum to 1: a softmax over the batch axis",
                fix="take it over the classes, axis -1",
            )
        )
    advice = trainee.advice.mixing(lambda: _mixing(evidence, given, size, axis=0) > _TOLERANCE)
    if advice:
        return failed(Finding(what, *advice))
    if _out_of_order(evidence, given, size):
        if targets_follow(evidence, size):
            return passed("the outputs stand in another order than the inputs, as do the targets")
        return failed(
            Finding(
                what,
                cause="the model gives its outputs in another order than its inputs: those of the "
                "other samples are unchanged, in other rows",
                fix="put the outputs back, output[order.argsort()], or sort inputs and targets "
                "together before the model",
            )
        )
    rows = np.arange(size) % 2 == 1
    with evidence.from_start():
        where = trainee.mixing([_replace(leaf, rows, size, 0) for leaf in given], ~rows)
    if where:
        return failed(
            Finding(
                what,
                cause=f"{where} mixes the samples: they are apart in what it is given, and not in "
                "what it gives",
                fix="leave the batch's axis, 0, out of it: let it work on those behind",
            )
        )
    return failed(
        Finding(
            what,
            fix="look for view or reshape across the batch axis, a softmax, mean or norm over "
            "axis 0, and layers that take axis 0 for time",
        )
    )


def _out_of_order(evidence: Evidence, given: list[Array], size: int) -> bool:
    """Whether the outputs of samples that stay are all there, in whichever rows."""
    expected = output_rows(evidence, None, size)
    if expected is None or any(len(_found(row, expected)) > 1 for row in expected):
        return False  # they cannot be told apart
    for first in (0, 1):
        others = np.arange(size) % 2 != first
        found = output_rows(evidence, [_replace(leaf, others, size, 0) for leaf in given], size)
        if (
            found is None
            or sum(bool(len(_found(row, found))) for row in expected) < size - others.sum()
        ):
            return False
    return True


def _found(row: Array, rows: Array) -> Array:
    return np.flatnonzero(np.abs(rows - row).max(1) <= _TOLERANCE * np.abs(rows).max())


class _CannotTell(Exception):
    pass


def _batch_size(trainee: Any, given: list[Array]) -> int | None:
    targets = [leaf for leaf in leaves(trainee.targets) if getattr(leaf, "ndim", 0)]
    candidates = targets or given[:1]
    sizes = {int(leaf.shape[0]) for leaf in candidates if leaf.ndim}
    if len(sizes) != 1:
        return None
    size = sizes.pop()
    return size if any(leaf.ndim and leaf.shape[0] == size for leaf in given) else None


def _mixing(evidence: Evidence, given: list[Array], size: int, axis: int) -> float:
    """The largest change of a sample's output, as a part of the largest output."""
    expected = _predict(evidence, None)
    follow = [i for i, out in enumerate(expected) if out.ndim > axis and out.shape[axis] == size]
    follow = [i for i in follow if expected[i].dtype.kind == "f"]
    if not follow:
        raise _CannotTell("no output has the batch axis")
    if not all(np.isfinite(expected[i]).all() for i in follow):
        raise _CannotTell("the outputs are not finite")
    worst = 0.0
    for kept in (slice(0, None, 2), slice(1, None, 2)):
        rows = np.ones(size, dtype=bool)
        rows[kept] = False
        changed = [_replace(leaf, rows, size, axis) for leaf in given]
        if all(np.array_equal(a, b) for a, b in zip(changed, given, strict=True)):
            raise _CannotTell("all samples of the batch are the same")
        found = _predict(evidence, changed)
        for i in follow:
            if found[i].shape == expected[i].shape:
                stay = np.flatnonzero(~rows)
                worst = max(
                    worst,
                    min(
                        distance(found[i].take(stay, axis=a), expected[i].take(stay, axis=a))
                        for a in _axes(found[i].shape, size, axis)
                    ),
                )
    return worst


def _axes(shape: tuple[int, ...], size: int, axis: int) -> list[int]:
    """Where the samples may stand: with as many time steps, a sequence may come out transposed."""
    return [axis, 1 - axis] if len(shape) > 2 and shape[1 - axis] == size else [axis]


def _replace(leaf: Array, rows: Array, size: int, axis: int) -> Array:
    """Other values in some rows: noise for floats, the neighbours' values for integers."""
    if leaf.ndim <= axis or leaf.shape[axis] != size or leaf.dtype.kind not in "fiu":
        return leaf
    changed = np.moveaxis(leaf.copy(), axis, 0)
    if leaf.dtype.kind == "f":
        noise = np.random.default_rng(0).normal(size=changed[rows].shape)
        changed[rows] += (noise * (leaf.std() or 1.0)).astype(leaf.dtype)
    else:
        changed[rows] = np.roll(changed, 1, axis=0)[rows]
    return np.moveaxis(changed, 0, axis)


def _predict(evidence: Evidence, changed: list[Array] | None) -> list[Array]:
    with evidence.from_start():
        return evidence.trainee.predict(changed)[0]


def _sequence_first(evidence: Evidence, given: list[Array]) -> bool:
    """Whether inputs and targets are (time, batch, ...) and the model keeps axis 1 apart."""
    targets = [leaf for leaf in leaves(evidence.trainee.targets) if getattr(leaf, "ndim", 0)]
    if not targets or any(leaf.ndim < 2 for leaf in targets):
        return False
    size = int(targets[0].shape[1])
    if size < 2 or not any(leaf.ndim > 1 and leaf.shape[1] == size for leaf in given):
        return False
    try:
        return _mixing(evidence, given, size, axis=1) <= _TOLERANCE
    except _CannotTell:
        return False


CHECK = Check("batch-independence", order=90, run=run)
