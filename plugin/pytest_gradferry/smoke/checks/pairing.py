"""pairing: each output is trained on the target of its own sample, by its weight."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...frameworks import Array
from ..errors import SmokeError
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, passed, skipped
from ..tree import leaves, map_arrays
from . import Check
from . import failed as has_failed

_TOLERANCE = 1e-4  # of the largest gradient
_TESTED = 16  # samples, before a mistake is told


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    for check in ("finite", "gradients", "shapes", "reproducible"):
        if has_failed(earlier, check):
            return skipped(f"{check} failed")
    trainee = evidence.trainee
    if _weights_ignored(evidence):
        return failed(
            Finding(
                "the loss and all gradients are the same with sample weights of 1 as with those "
                "that were given",
                cause="train_step leaves the weights out",
                fix="x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data), and hand "
                "sample_weight to compute_loss",
            )
        )
    targets = [trainee.framework.to_numpy(t) for t in leaves(trainee.targets) if _is_array(t)]
    sizes = {int(target.shape[0]) if target.ndim else 0 for target in targets}
    if len(sizes) != 1 or min(sizes) < 3:
        return skipped("no targets of three samples or more")
    size = sizes.pop()
    first = evidence.watched[0]
    gradient = first.output_gradient
    axis = None if gradient is None else _batch_axis(gradient.shape, targets[0].shape)
    if gradient is None or axis is None:
        return skipped("not one output for each target")
    if gradient.ndim > 2 and targets[0].ndim > 1 and gradient.shape[0] == gradient.shape[1]:
        return skipped("the outputs have as many time steps as samples: either may come first")
    if not np.isfinite(gradient).all():  # under a loss scale that is still too large
        return skipped("the gradients of the outputs are not finite")
    try:
        rows = _rows(evidence, size)
    except SmokeError as error:
        return skipped(str(error))
    if rows is None:
        return skipped("the model is not called with the inputs as they were given")
    strayed: dict[int, list[int]] = {}
    right = 0  # a shuffle may happen to leave one sample in its place
    for sample in (0, size // 2, size - 1):
        other = _other(targets, sample)
        if other is None:
            return skipped("all targets are the same")
        changed = _changed_rows(evidence, sample, other, axis)
        right += changed is not None and rows[sample] in changed
        if changed is None or right == 2:
            return passed()
        if rows[sample] in changed:
            continue
        if changed:
            strayed[sample] = changed
    if len(strayed) < 2:
        return passed()
    offsets = {row - rows[sample] for sample, found in strayed.items() for row in found}
    if len(offsets) == 1:  # a sequence compared with its next step, say
        return passed()
    if targets_follow(evidence, size):
        return passed("the outputs stand in another order than the inputs, as do the targets")
    if gradient.ndim <= 2 and not _by_sample(evidence, targets, rows):
        return passed()
    told = ", ".join(
        f"that of sample {s} acts on the output of {rows.index(found[0])}"
        for s, found in strayed.items()
    )
    return failed(
        Finding(
            f"targets act on the outputs of other samples, not of their own: {told}",
            cause="inputs and targets stand in different orders when they meet in the loss",
            fix="shuffle, sort, flip or transpose inputs and targets together, in the same way",
        )
    )


def _by_sample(evidence: Evidence, targets: list[Array], rows: list[int]) -> bool:
    """Whether each output goes by the target of one sample, though another's.

    In a loss of pairs, a ranking's, say, the target of a sample may happen to act on few outputs,
    its own not among them; but then those of others act on the same ones.
    """
    samples = range(0, len(rows), max(1, len(rows) // _TESTED))
    acted_on, right, idle = list[int](), 0, 0
    for sample in samples:
        other = _other(targets, sample)
        changed = None if other is None else _changed_rows(evidence, sample, other)
        right += rows[sample] in (changed or [])
        idle += not changed
        acted_on += changed or []
    return 2 * max(right, idle) <= len(samples) and len(set(acted_on)) == len(acted_on)


def _weights_ignored(evidence: Evidence) -> bool:
    with evidence.from_start(), evidence.trainee.without_weights() as there_are:
        if not there_are:
            return False
        plain = evidence.watch_step()
    first = evidence.watched[0]
    return plain.loss == first.loss and all(
        (other := plain.fresh.get(name)) is not None and np.array_equal(gradient, other)
        for name, gradient in first.fresh.items()
        if gradient is not None
    )


def _is_array(leaf: Any) -> bool:
    return hasattr(leaf, "shape")


def _rows(evidence: Evidence, size: int) -> list[int] | None:
    """For each sample the row in which the model was given it; None where that cannot be told."""
    trainee = evidence.trainee
    given = [trainee.framework.to_numpy(x) for x in leaves(trainee.inputs) if _is_array(x)]
    called = trainee.call_leaves()
    if len(given) != len(called) or any(
        a.shape != b.shape for a, b in zip(given, called, strict=True)
    ):
        return None
    if all(np.array_equal(a, b) for a, b in zip(given, called, strict=True)):
        return list(range(size))
    batched = [(a, b) for a, b in zip(given, called, strict=True) if a.ndim and len(a) == size]
    if not batched:
        return None
    rows = []
    for sample in range(size):
        alike = [r for r in range(size) if all(np.array_equal(a[sample], b[r]) for a, b in batched)]
        if len(alike) != 1:
            return None
        rows += alike
    return rows


def _other(targets: list[Array], sample: int) -> int | None:
    """A sample with another target."""
    for other in range(len(targets[0])):
        if any(not np.array_equal(t[other], t[sample]) for t in targets):
            return other
    return None


def targets_follow(evidence: Evidence, size: int) -> bool:
    """Whether targets act on the outputs of their own samples, in whatever rows those stand.

    A model may give its outputs in another order than its inputs, and the targets may follow.
    """
    trainee, gradient = evidence.trainee, evidence.watched[0].output_gradient
    targets = [trainee.framework.to_numpy(t) for t in leaves(trainee.targets) if _is_array(t)]
    if not targets or gradient is None or any(t.shape[:1] != (size,) for t in targets):
        return False
    try:
        rows, given = _rows(evidence, size), trainee.call_leaves()
        if rows is None or len(gradient) != size:
            return False
        expected = output_rows(evidence, None, size)
        for sample in (0, size // 2, size - 1):
            other = _other(targets, sample)
            acted_on = None if other is None else _changed_rows(evidence, sample, other)
            alone = output_rows(evidence, [_only(leaf, rows[sample], size) for leaf in given], size)
            if acted_on is None or len(acted_on) != 1 or alone is None or expected is None:
                return False
            difference = np.abs(alone - expected[acted_on[0]]).max(1)
            if difference.min() > _TOLERANCE * np.abs(expected).max():
                return False
    except SmokeError:
        return False
    return True


def _only(leaf: Array, sample: int, size: int) -> Array:
    """The same sample in all rows."""
    return leaf[[sample] * size] if leaf.ndim and leaf.shape[0] == size else leaf


def output_rows(evidence: Evidence, changed: list[Array] | None, size: int) -> Array | None:
    """The first output with the batch axis, a row a sample."""
    with evidence.from_start():
        outputs = evidence.trainee.predict(changed)[0]
    fitting = (o for o in outputs if o.ndim and o.shape[0] == size and o.dtype.kind == "f")
    return next((output.reshape(size, -1) for output in fitting), None)


def _batch_axis(outputs: tuple[int, ...], targets: tuple[int, ...]) -> int | None:
    """The axis of the outputs with the samples: the second, if they are (time, batch, ...)."""
    if outputs and outputs[0] == targets[0]:
        return 0
    return 1 if len(outputs) > 2 and outputs[:2] == targets[1::-1] else None


def _changed_rows(evidence: Evidence, sample: int, other: int, axis: int = 0) -> list[int] | None:
    """The outputs on which the loss acts otherwise if a sample is given another's target.

    Of a sequence it is given one element, which tells apart orders of samples and of time.
    """
    trainee, gradient = evidence.trainee, evidence.watched[0].output_gradient

    def replaced(leaf: Any) -> Any:
        if not _is_array(leaf):
            return leaf
        array = trainee.framework.to_numpy(leaf).copy()
        element: Any = ...
        if array.ndim > 1 and array.shape[1] != array.shape[0]:
            differ = (array[sample] != array[other]).reshape(array.shape[1], -1).any(1)
            element = np.flatnonzero(differ)[-1] if differ.any() else ...
        array[sample, element] = array[other, element]
        return array

    with evidence.from_start():
        try:
            found = evidence.watch_step(map_arrays(replaced, trainee.targets)).output_gradient
        except SmokeError:
            return None
    if found is None or gradient is None or found.shape != gradient.shape:
        return None
    change = np.moveaxis(np.abs(found - gradient), axis, 0)
    difference = change.reshape(len(change), -1).max(1)
    return [int(r) for r in np.flatnonzero(difference > _TOLERANCE * np.abs(gradient).max())]


CHECK = Check("pairing", order=95, run=run)
