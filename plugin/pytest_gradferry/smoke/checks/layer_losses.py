"""layer-losses: the losses that layers add, regularisers among them, are trained on."""

from __future__ import annotations

from ..evidence import Evidence
from ..report import Finding, Outcome, failed, passed
from . import Check


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    record = evidence.watched[0]
    added = [loss for loss in record.own_losses if loss]
    if not added:
        return passed()
    if any(r.losses_read for r in evidence.watched) or not evidence.updated:
        return passed()
    return failed(
        Finding(
            f"layers add {sum(added):.4g} to the loss, and the step never asks the model for it",
            cause="a step by hand has to add model.losses to its loss itself; fit does",
            fix="loss += sum(model.losses), inside the tape",
            code="XFR226",
        )
    )


CHECK = Check("layer-losses", order=25, run=run)
