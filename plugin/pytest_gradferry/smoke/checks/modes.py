"""modes: Dropout and batch norm act in training, rest in evaluation, and the step keeps it so."""

from __future__ import annotations

from ..evidence import Evidence
from ..report import Finding, Outcome, failed, names, passed
from ..trainee import SmokeError
from . import Check


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    findings = [f for f in (_in_training(evidence), _in_evaluation(evidence)) if f]
    return failed(*findings) if findings else passed()


def _in_training(evidence: Evidence) -> Finding | None:
    before = None
    for number, record in enumerate(evidence.watched, 1):
        acting = {call.layer for call in record.calls if call.training}
        resting = {
            f"{call.layer} ({call.kind})": None
            for call in record.calls
            if call.sensitive and call.layer not in acting
        }
        advice = evidence.trainee.mode_advice(record) if resting else None
        if advice is not None:
            cause, fix, code = advice
            if before is not None and before.training_after is False and number > 1:
                cause += f": step {number - 1} left it in evaluation mode"
            return Finding(
                f"{names(list(resting))} did not act in training step {number}", cause, fix, code
            )
        before = record
    return None


def _in_evaluation(evidence: Evidence) -> Finding | None:
    trainee = evidence.trainee
    evidence.watched  # noqa: B018  how the step calls the model is known after it
    with evidence.from_start():
        try:
            _, record = trainee.predict()
        except SmokeError:  # the step does not call this model itself
            return None
    if not record.dropouts:
        return None
    fix, code = trainee.eval_advice()
    acted = list(dict.fromkeys(record.dropouts))
    return Finding(
        f"{names(acted)} acted while the model was evaluated",
        cause="dropout is applied whatever the mode",
        fix=fix,
        code=code,
    )


CHECK = Check("modes", order=50, run=run)
