"""A dense layer behind a flatten: torch counts (C, H, W), channels-last Keras (H, W, C).

The rows of its kernel must be permuted, and only then. What stands there is read off the numbers
the two layers are fed, so a port that brings its features into torch's order first is seen too.
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
    for layer in comparison.pairing.layers:
        if layer.reference.row.kind != "dense":
            continue
        traces = traces or comparison.traces()
        couple = _couple_of(comparison, traces, layer)
        order = None if couple is None else _order(couple, traces, comparison)
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


def _order(couple: Couple, traces: tuple[Trace, Trace], comparison: Comparison) -> Array | None:
    """The port's features as positions in the reference's, None where they are the same."""
    theirs, ours = couple.reference.inputs, couple.port.inputs
    if theirs.ndim != 2 or theirs.shape != ours.shape:
        return None
    features = theirs.shape[1]
    sides = (comparison.reference.framework, comparison.port.framework)
    channels = [
        _channels(trace, event, framework)
        for trace, event, framework in zip(
            traces, (couple.reference, couple.port), sides, strict=True
        )
    ]
    plain = relative(ours, theirs)
    if plain < _SAME or not any(channels):
        return None
    # What the last layer puts out may have been concatenated with more channels since.
    last = channels[0] or channels[1]
    counts = [last, *(n for n in range(2, features) if features % n == 0 and n != last)]
    for count in counts:
        order = _transposed(features, count, sides[0])
        if order is not None and relative(ours, theirs[:, order]) < _SAME:
            return order
    # Something before has gone wrong: the nearer of the two or, undecided, by the layers.
    order = _transposed(features, last, sides[0])
    if order is None:
        return None
    permuted = relative(ours, theirs[:, order])
    if permuted < plain / 2:
        return order
    return None if plain < permuted / 2 or not all(channels) else order


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
