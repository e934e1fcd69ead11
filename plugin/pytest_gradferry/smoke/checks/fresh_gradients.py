"""fresh-gradients: an update uses the gradients of its own backward passes, none left over."""

from __future__ import annotations

from ...wording import listed
from ..acts import Backward, Gradients, Update, multiple, total, window
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, passed, skipped
from . import Check
from . import failed as has_failed


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
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
    stale = _stale(evidence)
    return failed(stale) if stale else passed()


def _stale(evidence: Evidence) -> Finding | None:
    """An update by the gradient of an earlier step, clipped or scaled maybe, and not by its own."""
    acts = evidence.acts
    earlier: list[tuple[int, Gradients]] = []
    for index, (call, act) in enumerate(acts):
        if not isinstance(act, Update):
            continue
        own = total(b.gradients for _, b in window(acts, index) if isinstance(b, Backward))
        own = {name: value for name, value in own.items() if name in act.gradients}
        if not own:
            continue
        if not multiple(act.gradients, own, 1e-3):
            for number, before in earlier:
                if number < call and multiple(act.gradients, before, 1e-5):
                    return Finding(
                        f"the update of step {call} uses the gradient computed in step {number}, "
                        f"not that of step {call}",
                        "gradients of an earlier step are kept and applied again",
                        "give the optimizer what the backward pass of the same step returned",
                    )
        earlier.append((call, own))
    return None


CHECK = Check("fresh-gradients", order=30, run=run)
