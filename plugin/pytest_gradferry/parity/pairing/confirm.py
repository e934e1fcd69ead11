"""Layers that look alike were paired in the order of their calls: what they are fed confirms that,
or tells that two of them have changed places.

A functional Keras model runs its branches in an order of its own, so a shortcut may come after the
layers that it goes around, and the second of two heads before the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import permutations

from ..compare import Comparison, relative
from ..sides.side import Event, Trace
from .couples import Couple
from .layers import LayerPair, Unit

Partners = list[Unit]  # the port's layer for each of the reference's, in the order of these

_SAME = 1e-6
# How much nearer another layer's input must be, where a mistake before keeps all from being equal.
_NEARER = 10.0
_MOST_BRANCHES = 4  # from one input; their orders are all tried
_MOST_GROUPS = 8


def confirm(
    comparison: Comparison, fixed: set[str], assign: Callable[[Partners], None]
) -> list[str]:
    """Exchange the partners of layers that look alike until what they are fed agrees.

    `fixed` are layers of the reference whose partner the user has named; those whose own names
    agree keep theirs too. `assign` pairs anew, with the weights copied. Returns the names of the
    reference's layers that were given another partner.
    """
    pairing = comparison.pairing
    if not pairing.ambiguous:
        return []
    before = [p.port for p in pairing.layers]
    free = [
        i
        for i, p in enumerate(pairing.layers)
        if p.reference.name not in fixed and _leaf(p.reference) != _leaf(p.port)
    ]
    _exchange(comparison, free, assign)
    if _agreement(comparison) <= len(pairing.layers):
        _try_branches(comparison, free, assign)
    return [
        p.reference.name
        for p, old in zip(pairing.layers, before, strict=True)
        if p.port.layer is not old.layer
    ]


def _exchange(comparison: Comparison, free: list[int], assign: Callable[[Partners], None]) -> None:
    for _ in free:
        partners = _nearer_inputs(comparison, free)
        if partners is None:
            return
        assign(partners)


def _leaf(unit: Unit) -> str:
    return unit.name.rsplit(".", 1)[-1]


def _first_calls(trace: Trace) -> dict[int, Event]:
    return {id(event.layer): event for event in reversed(trace.events)}


def _input_error(theirs: Event, ours: Event, layer: LayerPair | None = None) -> float:
    couple = Couple(theirs, ours, None if layer is None else layer.order)
    return relative(couple.input(), theirs.inputs)


def _nearer_inputs(comparison: Comparison, free: list[int]) -> Partners | None:
    """One exchange that makes a layer's input agree; None where there is none to make."""
    layers = comparison.pairing.layers
    theirs, ours = map(_first_calls, comparison.traces())
    errors = {
        i: _input_error(theirs[id(p.reference.layer)], ours[id(p.port.layer)], p)
        for i, p in enumerate(layers)
    }
    wrong = [
        i
        for i in free
        if errors[i] > _SAME
        and not _fed_alike(theirs[id(layers[i].reference.layer)], ours[id(layers[i].port.layer)])
    ]
    for i in wrong:
        called = theirs[id(layers[i].reference.layer)]
        others = {
            j: _input_error(called, ours[id(layers[j].port.layer)])
            for j in wrong
            if j > i and layers[j].reference.signature == layers[i].reference.signature
        }
        best = min(others, key=lambda j: others[j], default=i)
        # Of an input that is padded on one side only no difference is known.
        nearer = _SAME if errors[i] == float("inf") else errors[i] / _NEARER
        if best != i and others[best] < nearer:
            partners = [p.port for p in layers]
            partners[i], partners[best] = partners[best], partners[i]
            return partners
    return None


def _fed_alike(theirs: Event, ours: Event, layer: LayerPair | None = None) -> bool:
    """By the outputs, where one of the two is fed a padded input."""
    if (error := _input_error(theirs, ours, layer)) < float("inf"):
        return error <= _SAME
    couple = Couple(theirs, ours)
    return relative(couple.output(), theirs.output) <= _SAME


def _agreement(comparison: Comparison) -> int:
    """How many layers in a row are fed the same; one more than there are if the outputs agree."""
    traces = comparison.traces()
    theirs, ours = map(_first_calls, traces)
    layers = comparison.pairing.layers
    for i, p in enumerate(layers):
        if not _fed_alike(theirs[id(p.reference.layer)], ours[id(p.port.layer)], p):
            return i
    outputs = comparison.outputs(traces[0].outputs, traces[1].outputs)
    return len(layers) + (outputs.error <= _SAME)


def _branches(comparison: Comparison, free: list[int]) -> list[list[int]]:
    """Layers that look alike and are fed the very same, in the one model or in the other: no input
    tells which is which."""
    theirs, ours = map(_first_calls, comparison.traces())
    layers = comparison.pairing.layers
    groups: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for i in free:
        p = layers[i]
        for event in (theirs[id(p.reference.layer)], ours[id(p.port.layer)]):
            inputs = event.inputs.shape, event.inputs.tobytes()
            groups[event.framework, p.reference.signature, inputs].append(i)
    found = [tuple(group) for group in groups.values() if 1 < len(group) <= _MOST_BRANCHES]
    return [list(group) for group in dict.fromkeys(found)]


def _try_branches(
    comparison: Comparison, free: list[int], assign: Callable[[Partners], None]
) -> None:
    """Branches in other orders: of all groups alike, then of one after the other; what does not
    bring the agreement further is taken back."""
    groups = _branches(comparison, free)
    wanted = len(comparison.pairing.layers) + 1
    for chosen in [groups, *([group] for group in groups[:_MOST_GROUPS])]:
        start = [p.port for p in comparison.pairing.layers]
        best, partners = _agreement(comparison), start
        if best == wanted or not chosen:
            return
        for candidate in _reordered(start, chosen):
            assign(candidate)
            _exchange(comparison, free, assign)
            if (reached := _agreement(comparison)) > best:
                best, partners = reached, [p.port for p in comparison.pairing.layers]
            if best == wanted:
                return
        assign(partners)


def _reordered(partners: Partners, groups: list[list[int]]) -> Iterator[Partners]:
    size = max(map(len, groups))
    for order in list(permutations(range(size)))[1:]:
        changed = list(partners)
        for group in (g for g in groups if len(g) == size):
            for place, source in zip(group, order, strict=True):
                changed[place] = partners[group[source]]
        yield changed
