"""fresh-gradients: an update uses the gradients of its own backward passes, none left over."""

from __future__ import annotations

from ...wording import listed
from ..acts import Backward, Gradients, Update, multiple, same, total, window
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
    stale = _stale(evidence) or _kept(evidence)
    return failed(stale) if stale else passed()


def _stale(evidence: Evidence) -> Finding | None:
    """An update by the very gradients that the same optimizer has used before."""
    used: dict[int, tuple[int, Gradients]] = {}  # by optimizer, with the call of the step
    computed: set[str] = set()  # weights with a backward pass since then
    for call, act in evidence.acts:
        if isinstance(act, Backward):
            computed |= act.gradients.keys()
        if not isinstance(act, Update):
            continue
        before = used.get(act.key)
        names = act.gradients.keys()
        if before is not None and not computed & names and same(act.gradients, before[1]):
            return _told(call, before[0], act)
        used[act.key] = call, act.gradients
        computed -= names
    return None


def _told(call: int, before: int, update: Update) -> Finding:
    again = f"{update.optimizer} updates again with the gradients of its last update"
    if call == before:
        return Finding(
            f"in step {call} {again}",
            "the optimizer is stepped twice for one backward pass",
            "step it once after each backward pass",
        )
    return Finding(
        f"in step {call} {again}, of step {before}",
        "no backward pass of this model runs between the two",
        "run a backward pass before every update, or skip the update with it",
    )


def _kept(evidence: Evidence) -> Finding | None:
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
