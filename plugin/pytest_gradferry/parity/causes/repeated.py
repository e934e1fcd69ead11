"""One mistake made in several places, block after block, is told once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby

from ...wording import listed
from ..report import Finding
from .hypothesis import Hypothesis


@dataclass(frozen=True)
class Step:
    """A cause proven, and the rung's whole difference before and after it was mended."""

    hypothesis: Hypothesis
    finding: Finding
    before: float
    after: float


def mistakes(steps: list[Step]) -> int:
    """How many different ones."""
    return len(_runs(steps))


def told_once(steps: list[Step]) -> list[Finding]:
    return [_as_one(run) for run in _runs(steps)]


def _runs(steps: list[Step]) -> list[list[Step]]:
    kinds = (step.hypothesis.kind or str(i) for i, step in enumerate(steps))
    return [
        [step for _, step in run]
        for _, run in groupby(zip(kinds, steps, strict=True), lambda pair: pair[0])
    ]


def _as_one(run: list[Step]) -> Finding:
    first = run[0]
    places = [step.hypothesis.place for step in run[1:]]
    if not places:
        return first.finding
    return replace(
        first.finding,
        cause=f"{first.finding.cause}; likewise {listed(places)}",
        change=f"{first.finding.change}, each time",
        before=first.before,
        after=run[-1].after,
        where="",
    )
