"""Pixel shuffle: torch counts the channels it spreads (C, r, r), depth_to_space (r, r, C)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...compare import Comparison
from ...sides.side import Event
from ..hypothesis import Hypothesis
from ..localise import Divergence


def pixel_shuffle(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    """The port's channels in the order that the reference's function takes them in."""
    theirs, ours = where.couple.reference, where.couple.port
    if theirs.row.kind != "pixelshuffle" or theirs.inputs.ndim != 4:
        return
    keras_port = ours.framework == "keras"
    axis = 3 if keras_port else 1
    channels, factor = ours.inputs.shape[axis], _factor(ours)
    shape = (-1, factor, factor) if keras_port else (factor, factor, -1)
    order = np.moveaxis(
        np.arange(channels).reshape(shape), *((0, -1) if keras_port else (-1, 0))
    ).ravel()
    index = "(C, r, r) to (r, r, C)" if keras_port else "(r, r, C) to (C, r, r)"
    yield Hypothesis(
        f"{theirs.name} and {ours.name} take their channels in different orders: PixelShuffle "
        "counts (C, r, r), depth_to_space (r, r, C)",
        f"the channels moved from {index}",
        f"move the channels from {index} before {ours.name}, or the filters of what makes them",
        lambda: comparison.port.intercepted(
            ours.layer or ours.detail["function"],
            before=lambda x: comparison.port.take(x, order, axis),
        ),
        "XFR514",
    )


def _factor(event: Event) -> int:
    axis = 1 if event.framework == "keras" else 2
    return int(event.output.shape[axis]) // int(event.inputs.shape[axis])
