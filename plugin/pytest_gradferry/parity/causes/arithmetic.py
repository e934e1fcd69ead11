"""Arithmetic between two layers: a residual that was forgotten, a scale and shift left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..compare import Comparison, relative
from ..layout import Array
from ..pairing.couples import Couple
from ..sides.side import Side
from .activations import recognise
from .glue import between, has_own_activation
from .hypothesis import Hypothesis
from .localise import Afterwards, Divergence
from .operations.transplant import changed, for_all

_SAME = 1e-6
_SOURCES = 12  # how many layers back a residual may come from


def residual(comparison: Comparison, where: Divergence | Afterwards) -> Iterator[Hypothesis]:
    """The reference adds an earlier tensor to a layer's output."""
    found = between(comparison, where)
    if found is None:
        return
    couples, after, _ = found
    producer = couples[-1]
    if producer.port.layer is None or has_own_activation(producer.port.layer):
        return
    ours = recognise(producer.port.output, after[1], comparison.port.framework)
    if ours is None:
        return
    for source in reversed(couples[-_SOURCES:]):
        if source.port.layer is None:
            continue
        for part, tensor in (
            ("input", source.reference.inputs),
            ("output", source.reference.output),
        ):
            total = producer.reference.output
            if tensor.shape != total.shape or (part == "output" and source is producer):
                continue
            theirs = recognise(total + tensor, after[0], comparison.reference.framework)
            if theirs is None or theirs.name != ours.name:
                continue
            yield Hypothesis(
                f"the reference adds the {part} of {source.name} to the output of {producer.name}; "
                "the port does not",
                "that residual",
                f"add the {part} of {source.port.name} to the output of {producer.port.name}",
                partial(_added, comparison.port, source, part, producer),
            )


@contextmanager
def _added(side: Side, source: Couple, part: str, producer: Couple) -> Iterator[None]:
    caught: list[Any] = []

    def catch(tensor: Any) -> Any:
        caught.append(tensor)
        return tensor

    with ExitStack() as stack:
        hook = {"before" if part == "input" else "after": catch}
        stack.enter_context(side.intercepted(source.port.layer, **hook))
        stack.enter_context(
            side.intercepted(producer.port.layer, behind=lambda tensor: tensor + caught.pop())
        )
        yield


def scale(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    """The reference feeds a layer what the port feeds it, times one number and plus another, of
    each channel or of all."""
    couple, side = where.couple, comparison.port
    if where.glue is not None and where.glue.both:
        return  # the one is not the other with something left out
    ours, theirs = couple.port.inputs, couple.reference_input()
    if couple.port.layer is None or ours.shape != theirs.shape or ours.dtype.kind != "f":
        return
    last = side.framework == "keras" or ours.ndim < 3
    for axis in (None, -1 if last else 1):
        fitted = _fit(ours, theirs, axis)
        if fitted is None:
            continue
        factor, shift = fitted
        yield from _rescalings(side, where, factor, shift)
        return


def _rescalings(side: Side, where: Divergence, factor: Array, shift: Array) -> Iterator[Hypothesis]:
    couple, said = where.couple, _said(factor, shift)
    function = partial(_rescaled, side, factor, shift)
    hypothesis = Hypothesis(
        f"the reference feeds {couple.name} {said}, where x is what the port feeds it",
        said,
        f"compute {said} before {couple.port.name}, as the reference does",
        lambda: side.intercepted(couple.port.layer, before=function),
        kind=said,
        place=couple.name,
    )
    if for_all(where.glue):  # whoever else takes it may have to have it too
        value = where.glue.target.ours
        yield replace(hypothesis, apply=lambda: changed(side, value, function))
    yield hypothesis


def _rescaled(side: Side, factor: Array, shift: Array, tensor: Any) -> Any:
    return tensor * side.tensor(factor) + side.tensor(shift)


def _fit(x: Array, y: Array, axis: int | None) -> tuple[Array, Array] | None:
    """`factor` and `shift`, shaped to broadcast, with x * factor + shift = y; None if there are
    none, or they do nothing."""
    kept = None if axis is None else axis % x.ndim
    others = tuple(i for i in range(x.ndim) if i != kept)
    groups = 1 if kept is None else x.shape[kept]
    if x.size < 8 * groups:
        return None
    x, y = x.astype(np.float64), y.astype(np.float64)
    mean_x, mean_y = x.mean(others, keepdims=True), y.mean(others, keepdims=True)
    variance = ((x - mean_x) ** 2).mean(others, keepdims=True)
    if not np.isfinite(variance).all() or not variance.all():
        return None
    factor: Array = ((x - mean_x) * (y - mean_y)).mean(others, keepdims=True) / variance
    shift: Array = mean_y - factor * mean_x
    if (np.abs(factor) * np.sqrt(variance) <= _SAME * np.abs(y).max()).any():
        return None  # y does not depend on x
    if relative(x * factor + shift, y) > _SAME or relative(x, y) <= _SAME:
        return None
    return factor, np.where(np.abs(shift) < 1e-9 * np.abs(y).max(), 0.0, shift)


def _said(factor: Array, shift: Array) -> str:
    if factor.size > 1:
        return "x * a + b, with an a and a b of each channel"
    times, plus = factor.item(), shift.item()
    return f"x * {times:.6g}" + (f" + {plus:.6g}" if plus else "")
