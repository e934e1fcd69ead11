"""modes: Dropout and batch norm act in training, rest in evaluation, and the step keeps it so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...wording import listed
from ..errors import SmokeError
from ..evidence import Evidence
from ..record import StepRecord
from ..report import Finding, Outcome, failed, passed
from . import Check

_DRAWS = 4  # evaluations with seeds of their own; one alone may happen to drop the same values


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    evidence.watched  # noqa: B018  how the step calls the model is known after it
    findings = [Finding(*flaw) for flaw in evidence.trainee.advice.flaws()]
    findings += [*_in_training(evidence), *_in_evaluation(evidence)]
    findings += _not_kept(evidence)
    return failed(*findings) if findings else passed()


def _in_training(evidence: Evidence) -> list[Finding]:
    left = False
    for number, record in enumerate(evidence.watched, 1):
        findings = _resting(evidence, number, record, left)
        if findings:
            return findings
        left = record.training_after is False
    return _left_later(evidence)


def _resting(evidence: Evidence, number: int, record: StepRecord, left: bool) -> list[Finding]:
    """What rests in a step; `left` is whether the step before left the model in evaluation."""
    resting = {
        f"{call.layer} ({call.kind})": None
        for call in record.calls
        if call.sensitive and not call.training
    }
    measured = f"{listed(list(resting))} did not act in training step {number}"
    advice = evidence.trainee.advice.modes(record, measured) if resting else []
    findings = [Finding(*each) for each in advice]
    if findings and left:
        cause = f"{findings[0].cause}: step {number - 1} left it in evaluation mode"
        findings[0] = replace(findings[0], cause=cause)
    return findings


def _left_later(evidence: Evidence) -> list[Finding]:
    """A loop may evaluate every so many steps, and so not in those that are watched."""
    modes = evidence.curve.modes
    for step in range(len(evidence.watched), len(modes)):
        if modes[step - 1] is False and modes[step - 2] is True:
            try:
                record = evidence.watch_step_after(step)
            except SmokeError:
                return []
            return _resting(evidence, step + 1, record, left=True)
    return []


def _in_evaluation(evidence: Evidence) -> list[Finding]:
    trainee = evidence.trainee
    outputs = []
    for seed in range(_DRAWS):
        with evidence.from_start(seed):
            try:
                found, record = trainee.predict()
            except SmokeError:  # the step does not call this model itself
                return []
        if not record.dropouts:
            return []
        outputs.append(found)
    if all(
        np.array_equal(a, b, equal_nan=True)
        for other in outputs[1:]
        for a, b in zip(outputs[0], other, strict=True)
    ):
        return []  # a mask that was drawn and not used
    fix, code = trainee.advice.evaluation(record)
    acted = list(dict.fromkeys(record.dropouts))
    return [
        Finding(
            f"{listed(acted)} acted while the model was evaluated",
            cause="dropout is applied whatever the mode: its outputs change with the seed",
            fix=fix,
            code=code,
        )
    ]


def _not_kept(evidence: Evidence) -> list[Finding]:
    """Running statistics that a batch norm returns, as all else that changes on JAX."""
    trainee = evidence.trainee
    acting = {c.layer for c in evidence.watched[0].calls if c.sensitive and c.training}
    if not acting & trainee.statistics().keys():
        return []
    with evidence.from_start():
        before = trainee.statistics()
        evidence.curve_step()
        after = trainee.statistics()
    still = [n for n, value in before.items() if n in acting and np.array_equal(value, after[n])]
    if not still:
        return []
    return [
        Finding(
            f"the moving mean and variance of {listed(still)} are after a training step as they "
            "were before it: evaluation goes by them",
            cause="the step does not keep the non-trainable variables that the forward pass "
            "returns",
            fix="take them from stateless_call, or from the StatelessScope, and hand them to the "
            "next call",
        )
    ]


CHECK = Check("modes", order=50, run=run)
