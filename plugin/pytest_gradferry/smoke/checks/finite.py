"""finite: the loss, the gradients and the weights hold no NaN and no infinity."""

from __future__ import annotations

from functools import partial

import numpy as np

from ...frameworks import Array
from ...wording import listed
from ..direction import SIGN_FIX, climbs
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, follows, passed
from ..tree import leaves
from ..verdict import falls
from . import Check
from . import failed as has_failed


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    outcome = _numbers(evidence)
    if outcome.status != "failed":
        return outcome  # NaN in the data, as for labels that are missing, are masked then
    bad_data = _bad_data(evidence)
    if bad_data:
        return failed(bad_data)
    if has_failed(earlier, "clipping"):
        return follows("clipping")
    return follows("fresh-gradients") if evidence.carries_over else outcome


def _numbers(evidence: Evidence) -> Outcome:
    for number, record in enumerate(evidence.watched, 1):
        broken = [n for n, g in record.fresh.items() if g is not None and not np.isfinite(g).all()]
        if evidence.trainee.precision.scale() is not None:
            broken = []  # a loss scaler skips such steps and lowers its scale
        if np.isfinite(record.loss) and not broken:
            continue
        what = f"the loss is {record.loss:.4g} at step {number}"
        if np.isfinite(record.loss):
            what = f"the gradient of {listed(broken)} holds {_describe(record.fresh[broken[0]])}"
            what += f" at step {number}, the loss is still {record.loss:.4g}"
        layer = next((call for call in record.calls if not call.finite), None)
        if layer is not None:
            where = "comes out of" if layer.finite_in else "goes into"
            what += f"; the first value that is not finite {where} {layer.layer} ({layer.kind})"
        return failed(_explain(evidence, what, number))
    losses = evidence.curve.losses
    if not np.isfinite(losses[-1]):
        what = f"the loss is {losses[-1]:.4g} at step {len(losses)}, from {losses[0]:.4g} at first"
        return failed(_explain(evidence, what, len(losses), in_curve=True))
    after = [n for n, value in evidence.curve.after.items() if not np.isfinite(value).all()]
    if after:
        what = f"{listed(after)} holds {_describe(evidence.curve.after[after[0]])} after training"
        return failed(_explain(evidence, what, len(losses), in_curve=True))
    return passed()


def _bad_data(evidence: Evidence) -> Finding | None:
    trainee = evidence.trainee
    for what, tree in (("inputs", trainee.inputs), ("targets", trainee.targets)):
        for leaf in leaves(tree):
            if leaf is None or isinstance(leaf, str):
                continue
            array = trainee.framework.to_numpy(leaf)
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                return Finding(
                    f"the {what} hold {_describe(array)}",
                    cause="the data, not the model",
                    fix="clean the batch before training on it",
                )
    return None


def _explain(evidence: Evidence, what: str, number: int, in_curve: bool = False) -> Finding:
    """Blame the learning rate only if training with a smaller one works.

    `number` is the step in which it came up, of those watched or of the curve.
    """
    calls = [call for record in evidence.watched for call in record.losses]
    wrong = next((call for call in calls if call.target_low < 0), None)
    if wrong is not None:
        return Finding(
            what,
            cause=f"{wrong.function} takes its target for probabilities, and is given values down "
            f"to {wrong.target_low:.3g}: log-probabilities",
            fix="pass log_target=True, or take softmax, not log_softmax, of the target",
        )
    climbing = climbs(evidence) if number > 1 else ""
    if climbing:
        return Finding(what, f"each step climbs the loss: {climbing}", SIGN_FIX)
    precision = evidence.trainee.precision
    if number > 1 and (scale := precision.scale()) is not None:
        curve = evidence.train(evidence.steps, partial(precision.set_scale, 1.0))
        if falls(curve.losses):
            return Finding(
                what,
                f"the loss scale, {scale:g}, reaches the update: with a scale of 1 the loss falls "
                f"from {curve.losses[0]:.4g} to {curve.losses[-1]:.4g}",
                *precision.order,
            )
    rates = evidence.trainee.learning_rates()
    for part in (1e-1, 1e-2, 1e-4) if number > 1 and not rates else ():
        curve = evidence.train(evidence.steps, moving=part)
        if falls(curve.losses):
            return Finding(
                what,
                cause=f"the weights are moved too far: by {part:g} of each move the loss falls "
                f"from {curve.losses[0]:.4g} to {curve.losses[-1]:.4g}",
                fix="lower the learning rate",
            )
    if number > 1 and rates:
        for factor in (1e-2, 1e-4, 1e-6):
            lower = partial(evidence.trainee.scale_learning_rates, factor)
            curve = evidence.train(evidence.steps, lower)
            if falls(curve.losses):
                return Finding(
                    what,
                    cause=f"the learning rate, {max(rates):.4g}, is too high: with "
                    f"{max(rates) * factor:.4g} the loss falls from {curve.losses[0]:.4g} to "
                    f"{curve.losses[-1]:.4g}",
                    fix="lower the learning rate",
                )
    cause, fix = _origin(evidence, number, in_curve) or ("", "")
    general = "look for log, sqrt, division or exp of an unbounded value before the loss"
    return Finding(what, cause, fix or general)


def _origin(evidence: Evidence, number: int, in_curve: bool) -> tuple[str, str] | None:
    trainee = evidence.trainee
    with evidence.from_start():
        for index in range(number):
            if in_curve:
                trainee.reseed_for_step(evidence.seed)
            else:
                trainee.reseed(evidence.seed + index)
            if index + 1 < number:
                evidence.step()
        try:
            return trainee.first_not_finite()
        except Exception:  # it goes through without being looked at so closely
            return None


def _describe(array: Array | None) -> str:
    if array is None:
        return "nothing"
    nans, infinities = int(np.isnan(array).sum()), int(np.isinf(array).sum())
    parts = [f"{nans} NaN"] * bool(nans) + [f"{infinities} infinite"] * bool(infinities)
    return f"{' and '.join(parts)} of {array.size} values"


CHECK = Check("finite", order=10, run=run)
