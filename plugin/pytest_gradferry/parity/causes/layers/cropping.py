"""What a transposed convolution cuts off its whole output, (n - 1) * stride + reach long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ...compare import Comparison
from ...pairing.couples import Couple
from ...sides.side import Event, Side
from ..hypothesis import Hypothesis
from ..localise import Divergence

# Before and after, for each spatial axis; less than nothing after is so much more output.
Crops = tuple[tuple[int, int], ...]

_RULE = "XFR505"


def cropping(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    """The port's transposed convolution, cut as the reference's is."""
    couple = where.couple
    theirs, ours = couple.reference, couple.port
    if not theirs.row.kind.startswith("transposedconv"):
        return
    if theirs.layer is None or ours.layer is None:
        return
    wanted, found = _crops(theirs), _crops(ours)
    if wanted == found or any(before < 0 for before, _ in wanted):
        return
    side = comparison.port
    yield Hypothesis(
        f"{ours.name} cuts {_said(found)} of its whole output, the reference {_said(wanted)}",
        f"{_said(wanted)} cut off",
        _advice(side, couple, wanted),
        lambda: _cut(side, ours, wanted),
        _RULE,
        kind=f"{_said(found)} for {_said(wanted)}",
        place=ours.name,
    )


def _tuple(value: Any, n: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * n


def _crops(event: Event) -> Crops:
    """By the layer itself and by the cropping layer after it."""
    layer, keras = event.layer, event.framework == "keras"
    n = len(layer.kernel_size)
    stride = _tuple(layer.strides if keras else layer.stride, n)
    dilation = _tuple(layer.dilation_rate if keras else layer.dilation, n)
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, layer.kernel_size, strict=True)]
    if not keras:
        pads, more = _tuple(layer.padding, n), _tuple(layer.output_padding, n)
        return tuple((p, p - extra) for p, extra in zip(pads, more, strict=True))
    given = layer.output_padding
    added = (None,) * n if given is None else _tuple(given, n)
    own = [_of_keras(layer.padding, *axis) for axis in zip(reach, stride, added, strict=True)]
    if event.tail is None:
        return tuple(own)
    tail = event.tail.cropping
    tail = (tail,) if isinstance(tail[0], int) else tail
    return tuple((a + c, b + d) for (a, b), (c, d) in zip(own, tail, strict=True))


def _of_keras(padding: str, reach: int, stride: int, more: int | None) -> tuple[int, int]:
    if padding == "valid":
        return (0, -(max(stride - reach, 0) if more is None else more))
    # As the gradient of a strided convolution that pads itself to "same".
    total = reach - stride if more is None else reach - reach % 2 - more
    before = max(total, 0) // 2
    return before, total - before


@contextmanager
def _cut(side: Side, event: Event, wanted: Crops) -> Iterator[None]:
    layer = event.layer
    names = ("padding", "output_padding")
    saved = {name: layer.__dict__[name] for name in names}
    more = tuple(max(-after, 0) for _, after in wanted)
    whole = {"padding": "valid" if side.framework == "keras" else (0,) * len(wanted)}
    spatial = [slice(before, -after if after > 0 else None) for before, after in wanted]
    first = side.framework == "torch" or layer.data_format == "channels_first"
    every = slice(None)
    window = (every, every, *spatial) if first else (every, *spatial, every)

    with ExitStack() as stack:
        stack.enter_context(side.intercepted(layer, after=lambda tensor: tensor[window]))
        if event.tail is not None:
            stack.enter_context(_bypassed(side, event.tail))
        layer.__dict__.update(whole, output_padding=more)
        try:
            yield
        finally:
            layer.__dict__.update(saved)


@contextmanager
def _bypassed(side: Side, layer: Any) -> Iterator[None]:
    caught: list[Any] = []

    def before(tensor: Any) -> Any:
        caught.append(tensor)
        return tensor

    with side.intercepted(layer, before, lambda tensor: caught.pop()):
        yield


def _said(crops: Crops) -> str:
    if len(set(crops)) == 1:
        crops = crops[:1]
    return " and ".join(f"{before} before, {after} after" for before, after in crops)


def _advice(side: Side, couple: Couple, wanted: Crops) -> str:
    layer, name, n = couple.port.layer, couple.port.name, len(wanted)
    kind = type(layer).__name__
    if side.framework == "torch":
        pads = [before for before, _ in wanted]
        more = [before - after for before, after in wanted]
        if all(0 <= extra < s for extra, s in zip(more, layer.stride, strict=True)):
            said = ", ".join(
                f"{k}={_short(v)}" for k, v in (("padding", pads), ("output_padding", more))
            )
            return f"{kind}(..., {said}): {name}"
        return f"{kind}(..., padding=0), and cut {_said(wanted)} off its output: {name}"
    plain = {**layer.__dict__, "output_padding": None}
    own = [
        _of_keras(
            "same",
            layer.dilation_rate[i] * (layer.kernel_size[i] - 1) + 1,
            plain["strides"][i],
            None,
        )
        for i in range(n)
    ]
    if own == list(wanted):
        return f'{kind}(..., padding="same"): {name}'
    if any(after < 0 for _, after in wanted):
        more = [max(-after, 0) for _, after in wanted]
        return f'{kind}(..., padding="valid", output_padding={_short(more)}): {name}'
    amounts = wanted if n > 1 else wanted[0]
    return f'{kind}(..., padding="valid"), then Cropping{n}D({amounts}): {name}'


def _short(values: list[int]) -> Any:
    return values[0] if len(set(values)) == 1 else tuple(values)
