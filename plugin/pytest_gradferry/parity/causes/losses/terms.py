"""A loss of the user's own that adds up several terms, one of which the port averages or weights
otherwise: told by the single numbers that either loss comes by, and confirmed by the gradients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from ... import tree
from ...compare import Comparison
from ...sides.side import Side
from ..hypothesis import Hypothesis
from ..operations import engine_of
from ..operations.stream import Busy, Stream, Value, bounded

_SAME = 1e-7
_MOST = 40  # pairs of numbers that are tried


def terms(comparison: Comparison) -> Iterator[Hypothesis]:
    """A number of the port's loss, times what makes it one of the reference's."""
    theirs, ours = (_numbers(comparison, s) for s in (comparison.reference, comparison.port))
    wrong = [v for v in ours if not any(_alike(v, other) for other in theirs)]
    # Those that the port has not come first; the last is the loss itself.
    wanted = sorted(theirs[:-1], key=lambda v: any(_alike(v, other) for other in ours))
    pairs = [(a, b) for b in wrong[:-1] for a in wanted]
    for a, b in pairs[:_MOST]:
        if not (number := b.array.item()):
            continue
        factor = a.array.item() / number
        apply = partial(_multiplied, comparison, b, factor)
        if _confirmed(comparison, apply):
            yield _hypothesis(a, b, factor, apply)
            return


def _hypothesis(theirs: Value, ours: Value, factor: float, apply: Any) -> Hypothesis:
    a, b = _said(theirs), _said(ours)
    times = f"{factor:.6g}" if abs(factor) >= 1 else f"1 / {1 / factor:.6g}"
    return Hypothesis(
        f"a term of the port's loss, {b}, is {a} in the reference's, {times} times as large",
        f"{b} * {factor:.6g}",
        f"compute {a} there, as the reference does, or multiply it by {factor:.6g}",
        apply,
    )


def _said(value: Value) -> str:
    if value.maker is None:
        return "an output"
    site = value.maker.site
    return f"{site} [{site.where}]" if site.where else str(site)


def _numbers(comparison: Comparison, side: Side) -> list[Value]:
    """The single numbers that the loss is made by, in their order."""
    engine = engine_of(side)
    if engine is None or comparison.losses is None:
        return []
    mine = side is comparison.reference
    inputs = comparison.inputs if mine else comparison.port_inputs
    targets = comparison.targets if mine else comparison.port_targets
    outputs = tree.transform(side.tensor, side.forward(inputs, training=True))
    stream = Stream()
    with comparison.losses.heard(side.framework, _bounded(engine.Recorder(side, stream))):
        comparison.losses.objective(side, targets)(outputs)
    found = [v for o in stream.operations for v in o.outputs if v.floats and v.array.size == 1]
    return [v for v in found if np.isfinite(v.array).all()]


def _bounded(listener: Any) -> Any:
    """The loss, run with its operations heard; frames outside of it are not the user's."""

    def run(loss: Any, outputs: Any) -> Any:
        with listener.listening(outputs):
            return bounded(lambda *_: loss(), outputs, True)

    return run


def _alike(a: Value, b: Value) -> bool:
    one, other = a.array.item(), b.array.item()
    return bool(abs(one - other) <= _SAME * max(abs(one), abs(other)))


def _confirmed(comparison: Comparison, apply: Any) -> bool:
    with apply():
        return max(comparison.loss().error, comparison.gradients().error) < _SAME


@contextmanager
def _multiplied(comparison: Comparison, value: Value, factor: float) -> Iterator[None]:
    side, losses = comparison.port, comparison.losses
    assert losses is not None

    def larger(old: Any) -> Any:
        with Busy.working():
            return old * factor

    replacer = engine_of(side).Replacer(side, value, [], larger)
    with losses.heard(side.framework, _bounded(replacer)):
        yield
