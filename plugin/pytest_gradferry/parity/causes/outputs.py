"""A port that returns the reference's outputs in another order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import numpy as np

from .. import tree
from ..compare import Comparison, relative
from ..layout import Array
from .hypothesis import Hypothesis
from .localise import Afterwards, Divergence

_MOST = 6  # outputs, whose every order is tried


def in_another_order(
    comparison: Comparison, where: Divergence | Afterwards
) -> Iterator[Hypothesis]:
    """By shapes and values, where all layers agree."""
    if isinstance(where, Divergence):
        return
    theirs, ours = (trace.outputs for trace in comparison.traces(where.training))
    order = _order(tree.leaves(theirs), tree.leaves(comparison.in_reference_layout(ours)))
    if order is None:
        return
    side = comparison.port
    names = sorted(ours) if isinstance(ours, dict) else list(range(len(order)))
    yield Hypothesis(
        "the port's outputs are the reference's in another order: "
        f"{', '.join(str(names[order.index(i)]) for i in range(len(order)))}",
        f"its outputs {', '.join(str(names[i]) for i in order)}",
        "return the outputs in the reference's order",
        lambda: side.intercepted(side.model, after=_taken(order)),
    )


def _order(theirs: list[Array], ours: list[Array]) -> list[int] | None:
    """For each of the reference's outputs the port's that is nearest to it, each taken once; None
    where that is no other order than the port's own."""
    if len(theirs) != len(ours) or not 1 < len(ours) <= _MOST:
        return None
    errors = [[relative(np.asarray(b), a) for b in ours] for a in theirs]

    def cost(order: tuple[int, ...]) -> tuple[int, float]:
        found = [errors[i][j] for i, j in enumerate(order)]
        finite = [error for error in found if np.isfinite(error)]
        return len(found) - len(finite), sum(finite)

    best = min(permutations(range(len(ours))), key=cost)  # the port's own, among equals
    return None if best == tuple(range(len(ours))) else list(best)


def _taken(order: list[int]) -> Callable[[Any], Any]:
    """Those of a structure of outputs, in that order, in a structure like it."""

    def taken(outputs: Any) -> Any:
        found = tree.leaves(outputs)
        rest = iter([found[i] for i in order])
        return tree.transform(lambda _: next(rest), outputs)

    return taken


def permuted(theirs: Any, ours: Any) -> bool:
    """The shapes of the outputs (`ours` in the reference's layout) are the same, but for the order
    they come in."""
    shapes = [[np.shape(leaf) for leaf in tree.leaves(outputs)] for outputs in (theirs, ours)]
    return shapes[0] != shapes[1] and sorted(shapes[0]) == sorted(shapes[1])
