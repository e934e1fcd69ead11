"""Padding of convolutions and pools, spelled out: how much each side puts before and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from .compare import Comparison
from .hypothesis import Hypothesis
from .localise import Divergence
from .pairing import Couple
from .side import Event, Side, Trace

Pads = tuple[tuple[int, int], ...]

_RULES = {"conv": "XFR502", "maxpool": "XFR503", "avgpool": "XFR504"}


def _tuple(value: Any, n: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * n


def own_pads(side: Side, event: Event) -> Pads | None:
    """What the layer itself adds to each spatial axis of this input; None if that is unknown."""
    sizes = _spatial(side, event.inputs.shape, event.layer)
    layer, n = event.layer, len(sizes)
    torch = side.framework == "torch"
    kernel = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if kernel is None:
        return None
    kernel = _tuple(kernel, n)
    stride = _tuple(layer.stride if torch else layer.strides, n)
    dilation = _tuple(getattr(layer, "dilation" if torch else "dilation_rate", 1), n)
    amount = layer.padding
    if amount == "valid":
        return ((0, 0),) * n
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    if amount == "causal":
        return ((reach[0] - 1, 0),)
    if amount == "same":
        needed = [
            max((-(-size // s) - 1) * s + r - size, 0)
            for size, s, r in zip(sizes, stride, reach, strict=True)
        ]
        return tuple((total // 2, total - total // 2) for total in needed)
    pads = [(p, p) for p in _tuple(amount, n)]
    if getattr(layer, "ceil_mode", False):
        for i, (size, s, r) in enumerate(zip(sizes, stride, reach, strict=True)):
            over = (size + 2 * pads[i][0] - r) % s
            if over:
                pads[i] = (pads[i][0], pads[i][1] + s - over)
    return tuple(pads)


def _spatial(side: Side, shape: tuple[int, ...], layer: Any) -> tuple[int, ...]:
    return shape[2:] if _channels_first(side, layer) else shape[1:-1]


def _channels_first(side: Side, layer: Any) -> bool:
    keras_first = getattr(layer, "data_format", None) == "channels_first"
    return side.framework == "torch" or keras_first


def _padded_before(trace: Trace, event: Event) -> Event | None:
    """The padding layer or function right before a call."""
    position = next(i for i, e in enumerate(trace.events) if e is event)
    if position == 0:
        return None
    earlier = trace.events[position - 1]
    fits = earlier.row.kind == "pad" and earlier.output.shape == event.inputs.shape
    return earlier if fits else None


def _explicit(side: Side, pad: Event | None, n: int) -> Pads | None:
    if pad is None:
        return ((0, 0),) * n
    amounts = pad.detail.get("pads") if pad.layer is None else pad.layer.padding
    if amounts is None:
        return None
    if side.framework == "keras":
        return tuple((int(a), int(b)) for a, b in (_tuple(p, 2) for p in _tuple(amounts, n)))
    flat = list(_tuple(amounts, 2 * n))  # torch counts from the last axis
    pairs = [(int(flat[i]), int(flat[i + 1])) for i in range(0, len(flat), 2)]
    return tuple(reversed(pairs))


def padding(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    """The port's layer with the reference's padding, put on explicitly."""
    couple = where.couple
    kind = next((k for k in _RULES if couple.reference.row.kind.startswith(k)), None)
    if kind is None or couple.port.layer is None:
        return
    traces = comparison.traces(where.training)
    now = next((c for c in comparison.couples(traces) if c.reference is couple.reference), None)
    found = None if now is None else _both(comparison, traces, now)
    if now is None or found is None:
        return
    theirs, ours, own_pad, excludes = found
    value = -np.inf if kind == "maxpool" else 0.0
    cause = f"{now.port.name} pads {_said(ours)}, the reference {_said(theirs)}"
    if theirs == ours:
        if kind == "maxpool" and own_pad is not None:
            cause = f"{now.port.name} is padded with zeros, which are a maximum of negative values"
        elif kind == "avgpool":
            counts, leaves = "counts its padding", "leaves its padding out of the average"
            mine, other = (counts, leaves) if excludes else (leaves, counts)
            cause = f"{now.port.name} {mine}, the reference {other}"
        else:
            return
    word = "minus infinity" if kind == "maxpool" else "zeros"
    yield Hypothesis(
        cause,
        f"{_said(theirs)} of padding",
        _advice(comparison.port, now, theirs, word),
        lambda: _repadded(comparison.port, now, own_pad, theirs, value, excludes),
        _RULES[kind] if kind != "conv" or _same_under_stride(now) else None,
    )


def _same_under_stride(couple: Couple) -> bool:
    layers = (couple.reference.layer, couple.port.layer)
    strides = [getattr(layer, "strides", None) or layer.stride for layer in layers]
    same = any(layer.padding == "same" for layer in layers)
    return same and any(s > 1 for stride in strides for s in _tuple(stride, 1))


def _both(
    comparison: Comparison, traces: tuple[Trace, Trace], couple: Couple
) -> tuple[Pads, Pads, Event | None, bool] | None:
    totals, pad_events = [], []
    for side, trace, event in zip(
        (comparison.reference, comparison.port),
        traces,
        (couple.reference, couple.port),
        strict=True,
    ):
        own = own_pads(side, event)
        pad = _padded_before(trace, event)
        explicit = None if own is None else _explicit(side, pad, len(own))
        if own is None or explicit is None:
            return None
        totals.append(tuple((a + c, b + d) for (a, b), (c, d) in zip(own, explicit, strict=True)))
        pad_events.append(pad)
    pad = pad_events[1]
    if pad is not None and pad.layer is None:
        return None  # a functional pad cannot be taken out again
    layer = couple.reference.layer
    keras_same = comparison.reference.framework == "keras" and layer.padding == "same"
    return totals[0], totals[1], pad, keras_same or not getattr(layer, "count_include_pad", True)


@contextmanager
def _repadded(
    side: Side, couple: Couple, own_pad: Event | None, pads: Pads, value: float, excludes: bool
) -> Iterator[None]:
    layer = couple.port.layer
    saved = layer.__dict__["padding"]
    pooled_ones: list[Any] = []

    def before(tensor: Any) -> Any:
        if couple.port.row.kind.startswith("avgpool") and excludes:
            ones = _pad(side, tensor * 0 + 1, layer, pads, 0.0)
            pooled_ones.append(
                layer.forward(ones) if side.framework == "torch" else layer.call(ones)
            )
        return _pad(side, tensor, layer, pads, value)

    def after(tensor: Any) -> Any:
        return tensor / pooled_ones.pop() if pooled_ones else tensor

    with ExitStack() as stack:
        if own_pad is not None:
            stack.enter_context(_bypassed(side, own_pad.layer))
        stack.enter_context(side.intercepted(layer, before, after))
        layer.__dict__["padding"] = _no_padding(side, saved)
        try:
            yield
        finally:
            layer.__dict__["padding"] = saved


def _no_padding(side: Side, current: Any) -> Any:
    if side.framework == "keras":
        return "valid"
    return tuple(0 for _ in current) if isinstance(current, tuple) else 0


@contextmanager
def _bypassed(side: Side, layer: Any) -> Iterator[None]:
    caught: list[Any] = []

    def before(tensor: Any) -> Any:
        caught.append(tensor)
        return tensor

    with side.intercepted(layer, before, lambda tensor: caught.pop()):
        yield


def _pad(side: Side, tensor: Any, layer: Any, pads: Pads, value: float) -> Any:
    none = (0, 0)
    first = _channels_first(side, layer)
    return side.pad(tensor, [none, none, *pads] if first else [none, *pads, none], value)


def _said(pads: Pads) -> str:
    if len(set(pads)) == 1:
        pads = pads[:1]
    return " and ".join(f"{before} before, {after} after" for before, after in pads)


def _shortest(pads: Pads) -> Any:
    """As a ZeroPadding layer takes it: 1, (1, 2) for each axis, or pairs of before and after."""
    if len(pads) == 1:
        return pads[0][0] if pads[0][0] == pads[0][1] else pads[0]
    if any(before != after for before, after in pads):
        return pads
    return pads[0][0] if len(set(pads)) == 1 else tuple(before for before, _ in pads)


def _advice(side: Side, couple: Couple, pads: Pads, word: str) -> str:
    n = len(pads)
    if side.framework == "keras":
        if word == "zeros":
            amount = _shortest(pads)
            return f'ZeroPadding{n}D({amount}) before {couple.port.name}, with padding="valid"'
        return f'pad with {word} (tf.pad) by {pads} before {couple.port.name}, padding="valid"'
    flat = tuple(amount for pair in reversed(pads) for amount in pair)
    fill = ", value=-inf" if word != "zeros" else ""
    return f"F.pad(x, {flat}{fill}) before {couple.port.name}, with padding=0"
