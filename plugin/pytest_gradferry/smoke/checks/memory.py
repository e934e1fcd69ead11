"""memory: nothing that a step makes is kept from step to step without end."""

from __future__ import annotations

import gc
import time

from ..evidence import Evidence
from ..growth import Ledger
from ..report import Finding, Outcome, failed, passed, skipped
from . import Check
from . import failed as has_failed

_STEPS = 6  # and only what has grown by then is looked at longer:
_LONG, _SECONDS = 64, 3.0  # that many steps, or as many as can be taken in that time
_LEAST = 16  # steps without which nothing is said
_FIRST = 2  # steps in which optimizers and caches are filled


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    ledger = evidence.trainee.ledger()
    if ledger is None:
        return skipped("not known what such training keeps")
    with evidence.from_start(), ledger.counting():
        counts = [_step(evidence, ledger) for _ in range(_STEPS)]
        grown = [kind for kind in counts[-1] if counts[-1][kind] > counts[_FIRST].get(kind, 0)]
        if not grown:
            return passed()
        started = time.perf_counter()
        while len(counts) < _LONG and time.perf_counter() - started < _SECONDS:
            counts.append(_step(evidence, ledger))
        gc.collect()  # what nobody holds but a cycle is not kept
        counts[-1] = ledger.amounts()
        findings = [
            _finding(ledger, kind, rate, len(counts))
            for kind in grown
            if (rate := _rate([count.get(kind, 0) for count in counts])) is not None
        ]
    if not findings:
        return passed()
    if len(counts) < _LEAST:
        return skipped(f"steps are too slow to watch memory over {_LEAST} of them")
    return failed(*findings)


def _step(evidence: Evidence, ledger: Ledger) -> dict[str, int]:
    evidence.trainee.reseed_for_step(evidence.seed)
    evidence.trainee.step()
    return ledger.amounts()


def _rate(amounts: list[int]) -> float | None:
    """How much is added a step, if it goes on to the end as it began; else None.

    What fills a buffer of some length, or is made once, stops growing.
    """
    amounts = amounts[_FIRST:]
    middle = len(amounts) // 2
    first, second = amounts[middle] - amounts[0], amounts[-1] - amounts[middle]
    return (first + second) / (len(amounts) - 1) if second >= first / 2 and first > 0 else None


def _finding(ledger: Ledger, kind: str, rate: float, steps: int) -> Finding:
    kept = ledger.kept(kind)
    cause = f"{kept.holder} keeps them" if kept.holder else ""
    measured = f"each step leaves {rate:.3g} more {kind} behind, through {steps} steps"
    return Finding(measured, cause, kept.fix, kept.code)


CHECK = Check("memory", order=130, run=run)
