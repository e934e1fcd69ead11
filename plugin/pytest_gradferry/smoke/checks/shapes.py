"""shapes: outputs and targets are not silently broadcast against each other."""

from __future__ import annotations

import numpy as np

from ...frameworks import Array
from ..errors import SmokeError
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, passed, skipped
from ..tree import leaves
from . import Check


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    outcome = _given(evidence)
    if outcome.status == "failed":
        return outcome
    crossing = next((b for record in evidence.watched for b in record.crossings), None)
    broadcast = next((b for record in evidence.watched for b in record.broadcasts), None)
    if broadcast is not None:
        measured = f"{broadcast.function} is given an input of shape {broadcast.input} and a target"
        measured += f" of shape {broadcast.target}: they are broadcast to {broadcast.together}"
        cause = "each output is compared with every target"
    elif crossing is not None:
        measured = f"{crossing.function} of shapes {crossing.input} and {crossing.target} is "
        measured += f"broadcast to {crossing.together} on the way to the loss"
        cause = "each sample is combined with every other sample"
    else:
        return outcome
    fix = "give both the same shape: squeeze the one, or unsqueeze the other"
    return failed(Finding(measured, cause, fix, "XFR909"))


def _given(evidence: Evidence) -> Outcome:
    """The outputs against the targets that the step was given."""
    trainee = evidence.trainee
    size = evidence.watched[0].loss_size
    if size > 1:
        return failed(
            Finding(
                f"the tape is asked for the gradient of {size} numbers, not of one loss",
                cause=f"it returns that of their sum, which is {size} times that of their mean",
                fix="take the mean over the samples (tf.reduce_mean) inside the tape",
                code="XFR225",
            )
        )
    outputs = evidence.watched[0].outputs
    targets = [leaf for leaf in leaves(trainee.targets) if hasattr(leaf, "shape")]
    if outputs is None or len(targets) != 1 or len(leaves(trainee.targets)) != 1:
        return skipped("not one output array and one target array")
    target = trainee.framework.to_numpy(targets[0])
    if outputs.shape == target.shape or outputs.size != target.size:
        return passed()
    try:
        together = np.broadcast_shapes(outputs.shape, target.shape)
    except ValueError:
        return passed()
    if np.prod(together) == outputs.size:
        return passed()
    as_is = evidence.watched[0].loss
    try:
        reshaped = _loss(evidence, target.reshape(outputs.shape))
        shifted = _loss(evidence, np.roll(target.reshape(-1), 1).reshape(target.shape))
    except SmokeError:
        return passed()
    # Targets that each output is compared with may stand in any order.
    if _equal(as_is, reshaped) or not _equal(as_is, shifted):
        return passed()
    return failed(
        Finding(
            f"outputs {outputs.shape} and targets {target.shape} are broadcast to {together} in "
            f"the loss: it is {as_is:.4g}, and {reshaped:.4g} with targets of shape "
            f"{outputs.shape}",
            cause="each output is compared with every target",
            fix=f"reshape the targets to {outputs.shape}, or squeeze the outputs",
            code="XFR909",
        )
    )


def _loss(evidence: Evidence, targets: Array) -> float:
    with evidence.from_start():
        return evidence.watch_step(targets).loss


def _equal(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-5 * max(abs(a), abs(b))


CHECK = Check("shapes", order=60, run=run)
