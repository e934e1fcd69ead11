"""reproducible: the same weights, batch and seed give the same loss and gradients."""

from __future__ import annotations

import numpy as np

from ...wording import listed
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, passed, skipped
from ..verdict import distance
from . import Check
from . import failed as has_failed

_TOLERANCE = 1e-5


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    first = evidence.watched[0]
    with evidence.from_start():
        again = evidence.watch_step()
    fix = "draw from the framework's generators, or from one that the step makes from a fixed seed"
    if abs(first.loss - again.loss) > _TOLERANCE * max(abs(first.loss), 1e-12):
        return failed(
            Finding(
                f"the same first step gave the loss {first.loss:.6g}, then {again.loss:.6g}",
                fix=fix,
            )
        )
    differ = [
        name
        for name, gradient in first.fresh.items()
        if gradient is not None
        and (other := again.fresh.get(name)) is not None
        and np.abs(gradient).max(initial=0) > 1e-7
        and distance(other, gradient) > 1e-3
    ]
    if differ:
        return failed(
            Finding(f"the same first step gave other gradients for {listed(differ)}", fix=fix)
        )
    return passed()


CHECK = Check("reproducible", order=85, run=run)
