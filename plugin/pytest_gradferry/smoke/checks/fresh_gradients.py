"""fresh-gradients: an update uses the gradients of its own backward passes, none left over."""

from __future__ import annotations

from ...wording import listed
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, passed, skipped
from . import Check
from . import failed as has_failed


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite") and not evidence.carries_over:
        return skipped("the numbers are not finite")
    if not evidence.updated:
        return skipped("no update in the steps watched")
    for number, record in enumerate(evidence.watched, 1):
        if record.carried:
            name, difference = next(iter(record.carried.items()))
            precision = f"to {difference:.0e} of {name}'s" if difference else "exactly"
            return failed(
                Finding(
                    f"at step {number} the gradient used for {listed(list(record.carried))} was "
                    f"the sum of the one used before and the new one, {precision}",
                    "the step never clears the gradients, so that each update uses those of all "
                    "steps before",
                    *evidence.trainee.advice.clearing,
                )
            )
    return passed()


CHECK = Check("fresh-gradients", order=30, run=run)
