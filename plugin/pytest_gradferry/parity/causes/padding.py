"""Padding of convolutions and pools, spelled out: how much each side puts before and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..compare import Comparison
from ..pairing.couples import Couple
from ..sides.side import Event, Side, Trace
from .hypothesis import Hypothesis
from .localise import Divergence

Pads = tuple[tuple[int, int], ...]
Fill = float | str  # a number, or torch's mode: reflect, replicate, circular

_OWN = ("padding", "padding_mode", "ceil_mode", "count_include_pad")
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
            before, after = pads[i]
            windows, over = divmod(size + before + after - r, s)
            # One more window, if it begins in the input or the padding before it.
            if over and (windows + 1) * s < size + before:
                pads[i] = (before, after + s - over)
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


def _explicit(side: Side, pad: Event | None, n: int) -> tuple[Pads, Fill] | None:
    if pad is None:
        return ((0, 0),) * n, 0.0
    amounts = pad.detail.get("pad") if pad.layer is None else pad.layer.padding
    if amounts is None:
        return None
    if side.framework == "keras":
        return tuple((int(a), int(b)) for a, b in (_tuple(p, 2) for p in _tuple(amounts, n))), 0.0
    flat = list(_tuple(amounts, 2 * n))  # torch counts from the last axis
    pairs = [(int(flat[i]), int(flat[i + 1])) for i in range(0, len(flat), 2)]
    if len(pairs) > n or min(flat) < 0:
        return None
    return (*((0, 0),) * (n - len(pairs)), *reversed(pairs)), _fill(pad)


def _fill(pad: Event) -> Fill:
    if pad.layer is None:
        mode, value = pad.detail["mode"], pad.detail["value"]
        return float(value or 0.0) if mode == "constant" else str(mode)
    kind = type(pad.layer).__name__
    modes = {"Reflection": "reflect", "Replication": "replicate", "Circular": "circular"}
    return next(
        (mode for name, mode in modes.items() if kind.startswith(name)),
        float(getattr(pad.layer, "value", 0.0)),
    )


@dataclass(frozen=True)
class _Padded:
    """What is put around a layer's input: by a pad before it (`explicit`), and in all."""

    explicit: Pads
    total: Pads
    fill: Fill
    by_pad: bool  # by a pad before it


def _padded(side: Side, trace: Trace, event: Event, kind: str) -> _Padded | None:
    own = own_pads(side, event)
    pad = _padded_before(trace, event)
    found = None if own is None else _explicit(side, pad, len(own))
    if own is None or found is None:
        return None
    explicit, fill = found
    own_fill: Fill = -np.inf if kind == "maxpool" else 0.0
    mode = getattr(event.layer, "padding_mode", "zeros")
    if mode != "zeros":
        own_fill = mode
    some, any_own = any(map(any, explicit)), any(map(any, own))
    if some and any_own and fill != own_fill:
        return None
    total = tuple((a + c, b + d) for (a, b), (c, d) in zip(own, explicit, strict=True))
    return _Padded(explicit, total, fill if some else own_fill, some)


def padding(
    comparison: Comparison, where: Divergence, traces: tuple[Trace, Trace] | None = None
) -> Iterator[Hypothesis]:
    """The port's layer with the reference's padding, put on explicitly.

    `traces`: taken before, where the port as it is now cannot be run.
    """
    couple = where.couple
    kind = next((k for k in _RULES if couple.reference.row.kind.startswith(k)), None)
    if kind is None or couple.port.layer is None or couple.reference.layer is None:
        return
    sides, traces = (
        (comparison.reference, comparison.port),
        traces or comparison.traces(where.training),
    )
    now = next((c for c in comparison.couples(traces) if c.reference is couple.reference), None)
    if now is None:
        return
    theirs, ours = (
        _padded(side, trace, event, kind)
        for side, trace, event in zip(sides, traces, (now.reference, now.port), strict=True)
    )
    if theirs is None or ours is None:
        return
    excludes = _excludes(comparison.reference, couple.reference.layer)
    name = now.port.name
    if theirs.total != ours.total:
        cause = f"{name} pads {_said(ours.total)}, the reference {_said(theirs.total)}"
    elif not any(map(any, theirs.total)):
        return
    elif theirs.fill != ours.fill:
        cause = f"{name} pads with {_word(ours.fill)}, the reference with {_word(theirs.fill)}"
        if kind == "maxpool" and ours.by_pad and ours.fill == 0:
            cause = f"{name} is padded with zeros, which are a maximum of negative values"
    elif kind == "avgpool":
        counts, leaves = "counts its padding", "leaves its padding out of the average"
        mine, other = (counts, leaves) if excludes else (leaves, counts)
        cause = f"{name} {mine}, the reference {other}"
    else:
        return
    yield Hypothesis(
        cause,
        f"{_said(theirs.total)} of padding",
        _advice(comparison.port, now, theirs),
        lambda: _repadded(comparison.port, now, ours.explicit, theirs, excludes),
        _RULES[kind] if kind != "conv" or _same_under_stride(now) else None,
    )


def _excludes(side: Side, layer: Any) -> bool:
    """An average pool leaves its padding out of the average."""
    if side.framework == "keras":
        return bool(layer.padding == "same")
    rounded_up = getattr(layer, "ceil_mode", False) and not np.any(layer.padding)
    return rounded_up or not getattr(layer, "count_include_pad", True)


def _same_under_stride(couple: Couple) -> bool:
    layers = (couple.reference.layer, couple.port.layer)
    strides = [getattr(layer, "strides", None) or layer.stride for layer in layers]
    same = any(layer.padding == "same" for layer in layers)
    return same and any(s > 1 for stride in strides for s in _tuple(stride, 1))


@contextmanager
def _repadded(
    side: Side, couple: Couple, explicit: Pads, wanted: _Padded, excludes: bool
) -> Iterator[None]:
    layer = couple.port.layer
    saved = {name: layer.__dict__[name] for name in _OWN if name in layer.__dict__}
    pooled_ones: list[Any] = []

    def before(tensor: Any) -> Any:
        tensor = _cut(side, tensor, layer, explicit)
        if couple.port.row.kind.startswith("avgpool") and excludes:
            ones = _pad(side, tensor * 0 + 1, layer, wanted.total, 0.0)
            pooled_ones.append(
                layer.forward(ones) if side.framework == "torch" else layer.call(ones)
            )
        return _pad(side, tensor, layer, wanted.total, wanted.fill)

    def after(tensor: Any) -> Any:
        return tensor / pooled_ones.pop() if pooled_ones else tensor

    none = {"padding": _no_padding(side, saved["padding"]), "padding_mode": "zeros"}
    none |= {"ceil_mode": False, "count_include_pad": True}
    with side.intercepted(layer, before, after):
        layer.__dict__.update((name, none[name]) for name in saved)
        try:
            yield
        finally:
            layer.__dict__.update(saved)


def _no_padding(side: Side, current: Any) -> Any:
    if side.framework == "keras":
        return "valid"
    return tuple(0 for _ in current) if isinstance(current, tuple) else 0


def _cut(side: Side, tensor: Any, layer: Any, pads: Pads) -> Any:
    """Without what a pad before the layer has put around it."""
    spatial = [slice(before, -after or None) for before, after in pads]
    every = slice(None)
    parts = [every, every, *spatial] if _channels_first(side, layer) else [every, *spatial, every]
    return tensor[tuple(parts)]


def _pad(side: Side, tensor: Any, layer: Any, pads: Pads, fill: Fill) -> Any:
    first = _channels_first(side, layer)
    if isinstance(fill, float):
        none = (0, 0)
        return side.pad(tensor, [none, none, *pads] if first else [none, *pads, none], fill)
    mode: Any = _OF_NUMPY[fill]
    for axis, amounts in enumerate(pads, start=2 if first else 1):
        index = np.pad(np.arange(tensor.shape[axis]), amounts, mode)
        tensor = side.take(tensor, index, axis)
    return tensor


_OF_NUMPY = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _word(fill: Fill) -> str:
    if isinstance(fill, str):
        return {"reflect": "its reflection", "replicate": "its edge"}.get(fill, "its other end")
    return {0.0: "zeros", -np.inf: "minus infinity"}.get(fill, f"{fill:g}")


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


def _advice(side: Side, couple: Couple, wanted: _Padded) -> str:
    pads, fill, name = wanted.total, wanted.fill, couple.port.name
    n = len(pads)
    if side.framework == "keras":
        if fill == 0 or not any(map(any, pads)):
            return f'ZeroPadding{n}D({_shortest(pads)}) before {name}, with padding="valid"'
        how = 'keras.ops.pad(..., mode="reflect")' if fill == "reflect" else "tf.pad, tf.gather"
        return f'pad with {_word(fill)} ({how}) by {pads} before {name}, padding="valid"'
    flat = tuple(amount for pair in reversed(pads) for amount in pair)
    more = f", mode={fill!r}" if isinstance(fill, str) else f", value={fill}" if fill else ""
    return f"F.pad(x, {flat}{more}) before {name}, with padding=0"
