"""Several causes at once, none of which makes the difference drop alone."""

from __future__ import annotations

from contextlib import ExitStack

from ..compare import Comparison
from ..report import Finding
from .hypothesis import Hypothesis


def together(
    comparison: Comparison, rung: str, tolerance: float, hypotheses: list[Hypothesis]
) -> list[tuple[Hypothesis, Finding]]:
    """The fewest of them with which the rung holds, each measured against the others alone.

    Empty where all of them do not suffice.
    """
    kept = list(hypotheses)
    if len(kept) < 2 or _error(comparison, rung, kept) > tolerance:
        return []
    for hypothesis in hypotheses:
        rest = [h for h in kept if h is not hypothesis]
        if _error(comparison, rung, rest) <= tolerance:
            kept = rest
    after = _error(comparison, rung, kept)
    found = []
    for hypothesis in kept:
        before = _error(comparison, rung, [h for h in kept if h is not hypothesis])
        finding = Finding(
            hypothesis.cause,
            hypothesis.change,
            hypothesis.fix,
            before,
            after,
            ", the others mended,",
            hypothesis.rule,
        )
        found.append((hypothesis, finding))
    return found


def _error(comparison: Comparison, rung: str, hypotheses: list[Hypothesis]) -> float:
    """Infinite where the changes do not fit together."""
    try:
        with ExitStack() as stack:
            for hypothesis in hypotheses:
                stack.enter_context(hypothesis.apply())
            comparison.port_changed()
            return comparison.measure(rung).error
    except Exception:
        return float("inf")
    finally:
        comparison.port_changed()
