"""A dense layer behind a flatten: torch counts (C, H, W), channels-last Keras (H, W, C).

The rows of its kernel must be permuted, and only then: what was flattened is seen in torch's
operations. Whether the port keeps Keras' order is read off the numbers the two layers are fed, so
one that brings its features into torch's order first is seen too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np

from ..compare import Comparison, relative
from ..layout import Array
from ..sides.side import Event, Trace
from .couples import Couple
from .layers import LayerPair, WeightPair
from .merged import Merges

_SAME = 1e-6


def permute_dense_rows(comparison: Comparison, assign: Callable[[LayerPair], None]) -> list[str]:
    """Find the dense layers whose features the port flattens in its own order.

    Each is marked with that order, its weights' transpositions follow, and `assign` copies them.
    Returns their names.
    """
    found: list[str] = []
    if comparison.reference.framework == comparison.port.framework:
        return found
    traces = None
    merges = Merges(comparison)
    for layer in comparison.pairing.layers:
        if layer.reference.row.kind != "dense":
            continue
        traces = traces or comparison.traces()
        couple = _couple_of(comparison, traces, layer)
        order = None if couple is None else _order(couple, traces, comparison, merges)
        if order is None:
            continue
        layer.order = order
        layer.weights = [_reordered(w, order, comparison) for w in layer.weights]
        assign(layer)
        traces = None
        found.append(layer.reference.name)
    return found


def _couple_of(
    comparison: Comparison, traces: tuple[Trace, Trace], layer: LayerPair
) -> Couple | None:
    couples = comparison.couples(traces)
    return next((c for c in couples if c.reference.layer is layer.reference.layer), None)


def _order(
    couple: Couple, traces: tuple[Trace, Trace], comparison: Comparison, merges: Merges
) -> Array | None:
    """The port's features as positions in the reference's, None where they are the same."""
    theirs, ours = couple.reference.inputs, couple.port.inputs
    if theirs.ndim != 2 or theirs.shape != ours.shape or relative(ours, theirs) < _SAME:
        return None
    sides = (comparison.reference.framework, comparison.port.framework)
    channels = [
        _channels(trace, event, framework)
        for trace, event, framework in zip(
            traces, (couple.reference, couple.port), sides, strict=True
        )
    ]
    if not any(channels):
        return None
    torch = couple.reference if sides[0] == "torch" else couple.port
    parts = merges.parts(torch.layer)
    if parts is None:
        count = _count(theirs, ours, channels[0] or channels[1], sides[0])
        parts = [(count, theirs.shape[1] // count)]
    found: list[Array] = []
    start = 0
    for first, *rest in parts:
        size = first * int(np.prod(rest))
        here = slice(start, start + size)
        order = _transposed(size, first, sides[0]) if rest else None
        if order is None or not _is_moved(ours[:, here], theirs[:, here], order, all(channels)):
            order = np.arange(size)
        found.append(order + start)
        start += size
    whole = np.concatenate(found)
    return None if np.array_equal(whole, np.arange(len(whole))) else whole


def _count(theirs: Array, ours: Array, last: int, framework: str) -> int:
    """The channels of one map: as many as the last layer puts out, or as the numbers say, since
    more may have been put beside those; one, which moves nothing, if neither fits."""
    features = theirs.shape[1]
    for count in (last, *(n for n in range(2, features) if features % n == 0)):
        order = _transposed(features, count, framework)
        if order is not None and relative(ours, theirs[:, order]) < _SAME:
            return count
    return 1 if features % last else last


def _is_moved(ours: Array, theirs: Array, order: Array, by_layers: bool) -> bool:
    """Where something before has gone wrong: the nearer of the two or, undecided, by the layers."""
    plain, permuted = relative(ours, theirs), relative(ours, theirs[:, order])
    if permuted < plain / 2:
        return True
    return by_layers and not plain < permuted / 2


def _transposed(features: int, channels: int, framework: str) -> Array | None:
    """How the spatial axes divide the rest does not matter: they keep their order."""
    if features % channels or channels in (1, features):
        return None
    shape = (channels, -1) if framework == "torch" else (-1, channels)
    order: Array = np.arange(features).reshape(shape).T.ravel()
    return order


def _channels(trace: Trace, event: Event, framework: str) -> int:
    """How many channels the last layer before `event` that has any puts out; 0 if none has."""
    position = next(i for i, e in enumerate(trace.events) if e is event)
    for earlier in reversed(trace.events[:position]):
        if earlier.row.channels and earlier.output.ndim > 2:
            first = framework == "torch" or (
                getattr(earlier.layer, "data_format", None) == "channels_first"
            )
            return int(earlier.output.shape[1 if first else -1])
        if earlier.row.weights and not _branches(earlier, event):
            return 0
    return 0


def flattened(trace: Trace, event: Event) -> Event | None:
    """The last call before `event` whose output, of rank 3 or more, has as many features."""
    position = next(i for i, e in enumerate(trace.events) if e is event)
    features = event.inputs.shape[-1]
    for earlier in reversed(trace.events[:position]):
        shape = earlier.output.shape
        if len(shape) > 2 and int(np.prod(shape[1:])) == features:
            return earlier
        if earlier.row.weights and not _branches(earlier, event):
            return None
    return None


def _branches(one: Event, other: Event) -> bool:
    """Both are fed the very same: two heads on one flatten."""
    return one.inputs.shape == other.inputs.shape and np.array_equal(one.inputs, other.inputs)


def axis_orders(shape: tuple[int, ...], framework: str) -> dict[str, Array]:
    """Positions of the features of `shape` (without the batch), for every order of its axes.

    The keys say the order: "(H, W, C)".
    """
    spatial = {1: ["L"], 2: ["H", "W"], 3: ["D", "H", "W"]}[len(shape) - 1]
    words = ["C", *spatial] if framework == "torch" else [*spatial, "C"]
    positions = np.arange(int(np.prod(shape))).reshape(shape)
    return {
        f"({', '.join(words[axis] for axis in axes)})": positions.transpose(axes).ravel()
        for axes in permutations(range(len(shape)))
    }


def _reordered(pair: WeightPair, order: Array, comparison: Comparison) -> WeightPair:
    if comparison.reference.get(pair.reference).ndim != 2:
        return pair
    inverse = np.argsort(order)
    keras_port = comparison.port.framework == "keras"
    axis_of_port, axis_of_reference = (0, 1) if keras_port else (1, 0)
    to_port, to_reference = pair.to_port, pair.to_reference
    return replace(
        pair,
        to_port=lambda a: np.take(to_port(a), order, axis=axis_of_port),
        to_reference=lambda a: np.take(to_reference(a), inverse, axis=axis_of_reference),
    )
