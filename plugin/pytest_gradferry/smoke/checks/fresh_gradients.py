"""fresh-gradients: an update uses the gradients of its own backward passes, none left over."""

from __future__ import annotations

from ...frameworks import Array
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, names, passed, skipped
from ..verdict import distance
from . import Check
from . import failed as has_failed


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    if not evidence.updated:
        return skipped("no update in the steps watched")
    for number, record in enumerate(evidence.watched, 1):
        carried = {}
        for name, left_over in record.stale.items():
            used, fresh = record.used.get(name), record.since.get(name)
            if used is None or fresh is None:
                continue
            difference = _carried(used, left_over + fresh, fresh)
            if difference is not None:
                carried[name] = difference
        if carried:
            name = next(iter(carried))
            return failed(
                Finding(
                    f"at step {number} the gradient used for {names(list(carried))} was the sum of "
                    f"the one used before and the new one (to {carried[name]:.0e} of {name}'s)",
                    cause="the step never clears the gradients, so that each update uses those of "
                    "all steps before",
                    fix=evidence.trainee.clearing_advice,
                    code="XFR202",
                )
            )
    return passed()


def _carried(used: Array, total: Array, fresh: Array) -> float | None:
    """How far `used` is from the total, if it is the total, or that clipped, and not fresh."""
    difference = distance(used, total)
    if difference < 1e-3 < distance(used, fresh):
        return difference
    difference = distance(used, _scaled(total, used))  # the step has clipped the gradients
    return difference if difference < 1e-5 and distance(used, _scaled(fresh, used)) > 1e-3 else None


def _scaled(array: Array, like: Array) -> Array:
    """A multiple of an array, as near to another as can be."""
    square = float((array * array).sum())
    return array * (float((array * like).sum()) / square) if square else array


CHECK = Check("fresh-gradients", order=30, run=run)
