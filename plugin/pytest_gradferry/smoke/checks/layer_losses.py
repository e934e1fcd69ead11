"""layer-losses: what the layers add to the loss counts in the step."""

from __future__ import annotations

import numpy as np

from ...wording import listed
from ..errors import SmokeError
from ..evidence import Evidence
from ..record import StepRecord
from ..report import Finding, Outcome, failed, passed, skipped
from ..verdict import distance
from . import Check
from . import failed as has_failed

_TWICE = 1e-2  # how near to twice is twice
_SEEN = 1e-5  # of the loss or of a gradient; float32 rounding is less


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    trainee, watched = evidence.trainee, evidence.watched
    try:
        with evidence.from_start():
            terms = trainee.layer_losses()
    except SmokeError as error:
        return skipped(str(error))
    total = sum(terms.values())
    if not total:  # there is none, or it is not to be told from none here
        return passed()
    larger = 10 * max(1.0, abs(watched[0].loss)) / abs(total)
    without, with_more = (_scaled(evidence, factor) for factor in (0.0, larger))
    times = (with_more.loss - without.loss) / (larger * total)
    if abs(times - 2) < _TWICE and watched[0].events.count("forward") == 1:
        with trainee.layer_losses_by_hand_only():
            once = (_scaled(evidence, larger).loss - _scaled(evidence, 0.0).loss) / larger / total
        if abs(once - 1) < _TWICE:
            return failed(
                Finding(
                    f"{listed(list(terms))} add {total:.3g} to the loss in model.losses, and it "
                    f"grows by {times:.4g} times that",
                    cause="they count twice: compute_loss adds model.losses, and so does the step",
                    fix="leave the sum of model.losses to compute_loss",
                )
            )
    if _differ(without, with_more) or trainee.penalised_by_hand(evidence):
        return passed()
    return failed(
        Finding(
            f"{listed(list(terms))} add {total:.3g} to the loss in model.losses; the step's loss "
            f"and gradients are the same with {larger:.2g} times as much",
            cause="the step leaves model.losses out",
            fix="add sum(model.losses) to the loss after the forward pass, as fit does",
            code="XFR226",
        )
    )


def _scaled(evidence: Evidence, factor: float) -> StepRecord:
    with evidence.from_start(), evidence.trainee.layer_losses_scaled(factor):
        return evidence.watch_step()


def _differ(a: StepRecord, b: StepRecord) -> bool:
    if abs(a.loss - b.loss) > _SEEN * max(abs(a.loss), 1.0):
        return True
    return any(
        gradient is not None
        and (other := b.fresh.get(name)) is not None
        and np.abs(gradient - other).max(initial=0) > 0
        and distance(other, gradient) > _SEEN
        for name, gradient in a.fresh.items()
    )


CHECK = Check("layer-losses", order=75, run=run)
