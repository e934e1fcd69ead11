"""loss-input: a loss is fed what it takes its input for, logits or probabilities."""

from __future__ import annotations

import numpy as np

from ...frameworks import Array
from ..advice import GIVEN_ONE_CLASS, GIVEN_ONE_VALUE
from ..errors import SmokeError
from ..evidence import Evidence
from ..record import LossCall
from ..report import Finding, Outcome, failed, passed, skipped
from ..tree import leaves
from ..verdict import normalised, normalised_over_batch
from . import Check

_NAMES = {
    "sigmoid-logits": "logits",
    "sigmoid-probabilities": "probabilities",
    "distribution": "probabilities",
}


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    calls = [call for record in evidence.watched for call in record.losses]
    if not calls and _over_the_batch(evidence):
        return failed(
            Finding(
                "the step takes a softmax of the model's outputs over axis 0, that of the batch",
                cause="the probabilities of a class sum to 1 over the samples, not those of a "
                "sample over the classes",
                fix="take it over the classes: dim=-1",
            )
        )
    if not calls:
        return skipped("the step calls none of the classification losses known")
    for call in calls:
        given, measured = _mistaken(evidence, call, calls)
        if given:
            fix, code = evidence.trainee.advice.loss(call, given)
            expected = _NAMES.get(call.expects, call.expects)
            what = f"{call.function} takes its input for {expected}, {measured}"
            return failed(Finding(what, f"it is given {given}", fix, code))
    return passed()


def _over_the_batch(evidence: Evidence) -> bool:
    """Whether a loss by hand takes its softmax of (samples, classes) along the samples alone."""
    trainee = evidence.trainee
    targets = [
        trainee.framework.to_numpy(t) for t in leaves(trainee.targets) if hasattr(t, "shape")
    ]
    axes = set()
    for record in evidence.watched:
        for values, axis in record.softmaxes:
            outputs = record.outputs
            if outputs is None or not np.array_equal(values, outputs) or len(targets) != 1:
                return False
            classes = targets[0].shape in ((len(outputs),), outputs.shape)
            if not classes or outputs.shape[0] == outputs.shape[1]:
                return False
            axes.add(axis)
    return axes == {0}


def _mistaken(evidence: Evidence, call: LossCall, calls: list[LossCall]) -> tuple[str, str]:
    """(what the loss was given instead, how that shows), or two empty strings."""
    values = call.input
    if call.expects in ("logits", "probabilities") and values.size > 1 == values.shape[-1]:
        return GIVEN_ONE_CLASS, "and over a single class it is 0, whatever the weights"
    match call.expects:
        case "logits" if _are_probabilities(values):
            return "probabilities", "but its rows are not negative and sum to 1"
        case "log-probabilities" if _are_probabilities(values):
            return "probabilities", "but its rows are not negative and sum to 1"
        case "log-probabilities" if normalised_over_batch(values):
            return (
                "log-probabilities over the batch axis, not over the classes",
                "but the exponentials of its columns sum to 1, not those of its rows",
            )
        case "log-probabilities" if call.function == "F.ctc_loss" and normalised(values.T):
            return (
                "log-probabilities over time, not over the classes",
                "but its exponentials sum to 1 over the time steps, not over the classes",
            )
        case "log-probabilities" if call.function != "F.kl_div" and not normalised(values):
            return "logits", "but the exponentials of its rows do not sum to 1"
        case "logits" if _in_unit_range(values) and _squashed(evidence, call):
            return "sigmoids", "but it stays within 0 and 1 even with weights 30 times larger"
        case "probabilities" | "distribution" if _negative(values):
            return "logits", f"but it holds values down to {values.min():.3g}"
        case "probabilities" if (axis := _other_axis(values)) is not None:
            return (
                f"probabilities over axis {axis}, not over the classes",
                f"but its sums over the last axis are {_sums(values)}, and over axis {axis} all 1",
            )
        case "sigmoid-probabilities" if values.size > 1 and _always_one(evidence, call):
            return GIVEN_ONE_VALUE, "but it is 1 for all samples, whatever the weights"
        case "sigmoid-probabilities" if _negative(values) or values.max() > 1 + 1e-6:
            return "logits", f"but it holds values from {values.min():.3g} to {values.max():.3g}"
        case "sigmoid-logits" if all(
            _in_unit_range(c.input) for c in calls if c.expects == "sigmoid-logits"
        ) and _squashed(evidence, call):
            return "probabilities", "but it stays within 0 and 1 even with weights 30 times larger"
    return "", ""


def _are_probabilities(values: Array) -> bool:
    if values.ndim < 1 or values.shape[-1] < 2 or values.size == 0:
        return False
    return bool(values.min() >= 0 and np.allclose(values.sum(-1), 1, atol=1e-4))


def _other_axis(values: Array) -> int | None:
    """The axis along which it sums to 1, where the last is not it; nor that of the batch, which is
    for `batch-independence` to tell."""
    if values.ndim < 2 or not values.size or values.min() < 0:
        return None
    axes = [
        axis
        for axis in range(1, values.ndim)
        if values.shape[axis] > 1 and np.allclose(values.sum(axis), 1, atol=1e-4)
    ]
    return None if values.ndim - 1 in axes or not axes else axes[-1]


def _sums(values: Array) -> str:
    sums = values.sum(-1)
    return f"{sums.min():.3g} to {sums.max():.3g}"


def _always_one(evidence: Evidence, call: LossCall) -> bool:
    """Whether the loss's input is 1 with other weights too, where a sigmoid's would change."""
    if not bool((call.input == 1).all()):
        return False
    losses = _with_weights(evidence, -1) or []
    return all(bool((c.input == 1).all()) for c in losses if c.function == call.function)


def _negative(values: Array) -> bool:
    return bool(values.size and values.min() < -1e-6)


def _in_unit_range(values: Array) -> bool:
    return bool(values.size and values.min() >= 0 and values.max() <= 1)


def _squashed(evidence: Evidence, call: LossCall) -> bool:
    """Whether the loss's input is of sigmoids, by far larger weights of either sign.

    It stays within 0 and 1 then, and nears both ends.
    """
    for factor in (30, -30):
        losses = _with_weights(evidence, factor)
        if losses is None or not all(np.isfinite(c.input).all() for c in losses):
            losses = _with_weights(evidence, factor / 10)  # an exp of theirs overflows
        if losses is None:
            return False
        inputs = [c.input for c in losses if c.function == call.function]
        if not all(_in_unit_range(values) for values in inputs):
            return False
        at_an_end = [float(((v < 0.05) | (v > 0.95)).mean()) for v in inputs if np.ptp(v) > 0.1]
        if call.expects == "logits" and (not at_an_end or min(at_an_end) < 0.5):
            return False
    return True


def _with_weights(evidence: Evidence, factor: float) -> list[LossCall] | None:
    """The calls of losses in a step with all weights that many times as large."""
    trainee = evidence.trainee
    with evidence.from_start():
        trainee.change_weights(lambda value: value * factor)
        try:
            return evidence.watch_step().losses
        except SmokeError:
            return None


CHECK = Check("loss-input", order=70, run=run)
