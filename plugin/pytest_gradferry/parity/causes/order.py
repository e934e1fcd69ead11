"""Layers that the port calls in another order than the reference, though their names say which is
which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice, pairwise, permutations

import numpy as np

from ...wording import listed
from ..compare import Comparison
from ..layout import Array
from ..pairing.layers import LayerPair, Pairing, coupled
from .hypothesis import Hypothesis
from .localise import Afterwards, Divergence

_SHOWN = 4  # layers
_SIBLINGS = 4  # of one input, whose every order is tried
_NEAR = 3  # neighbours of a group that are tried, the last first
_BEYOND = 3  # layers after the divergence


def call_order(comparison: Comparison, training: bool) -> str:
    """Where the port first calls other layers than the reference; empty where it never does."""
    traces = comparison.traces(training)
    pairs = comparison.pairing.layers
    calls = [
        list(dict.fromkeys(id(event.layer) for event in trace.events if event.layer is not None))
        for trace in traces
    ]
    theirs = sorted(pairs, key=lambda p: calls[0].index(id(p.reference.layer)))
    ours = sorted(pairs, key=lambda p: calls[1].index(id(p.port.layer)))
    other = [(a, b) for a, b in zip(theirs, ours, strict=True) if a is not b][:_SHOWN]
    if not other:
        return ""
    return (
        f"; layers are called in another order: {', '.join(a.reference.name for a, _ in other)} in "
        f"the reference, {', '.join(b.port.name for _, b in other)} in the port"
    )


Exchange = list[tuple[LayerPair, LayerPair]]  # a pair, and the one whose port's layer it gets


def swapped(comparison: Comparison, where: Divergence | Afterwards) -> Iterator[Hypothesis]:
    """The port calls the one where the reference calls the other."""
    groups = _alike(comparison, where)
    neighbours = (
        [(a, b), (b, a)]
        for group in groups
        for (a, _), (b, _) in list(pairwise(group))[: -_NEAR - 1 : -1]
    )
    for pairs in (*_orders(groups), *neighbours):
        names = [(a.port.name, b.port.name) for a, b in pairs if a is not b]
        done = listed([f"{new} where the reference calls {old}" for old, new in names])
        yield Hypothesis(
            f"the port calls {done}",
            "those layers in each other's place",
            f"call {listed([old for old, _ in names])} in the reference's order",
            partial(_paired, comparison, pairs),
        )


def _alike(
    comparison: Comparison, where: Divergence | Afterwards
) -> list[list[tuple[LayerPair, Array]]]:
    """Groups of pairs that look alike and go by their names, with what the reference's are fed; up
    to the divergence and a little beyond, the last ones first."""
    trace = comparison.traces(where.training)[0]
    fed: dict[int, Array] = {}
    for event in trace.events:
        fed.setdefault(id(event.layer), event.inputs)
    called = [p for p in comparison.pairing.layers if id(p.reference.layer) in fed]
    if isinstance(where, Divergence):
        order = list(fed)
        end = order.index(id(where.couple.reference.layer)) + _BEYOND
        called = [p for p in called if order.index(id(p.reference.layer)) < end]
    groups: dict[object, list[tuple[LayerPair, Array]]] = {}
    for p in called:
        if p.order is None and p.reference.name == p.port.name:
            groups.setdefault(p.reference.signature, []).append((p, fed[id(p.reference.layer)]))
    return [group for group in reversed(groups.values()) if len(group) > 1]


def _orders(groups: list[list[tuple[LayerPair, Array]]]) -> Iterator[Exchange]:
    """Every order of those that are fed the very same."""
    for group in groups:
        families: list[tuple[Array, list[LayerPair]]] = []
        for p, inputs in group:
            family = next((f for f in families if np.array_equal(f[0], inputs)), None)
            if family is None:
                families.append((inputs, [p]))
            else:
                family[1].append(p)
        for _, members in reversed(families):
            if 1 < len(members) <= _SIBLINGS:
                for order in islice(permutations(members), 1, None):
                    yield list(zip(members, order, strict=True))


def _pair(comparison: Comparison, pairs: Exchange) -> None:
    """Give each the other's layer of the port, and that the reference's weights."""
    reference, port = comparison.reference, comparison.port
    exchanged = {}
    for a, b in pairs:
        exchanged[id(a)] = coupled(reference, port, a.reference, b.port)
        for w in exchanged[id(a)].weights:
            port.set(w.port, w.to_port(reference.get(w.reference)))
    layers = [exchanged.get(id(p), p) for p in comparison.pairing.layers]
    comparison.pairing = replace(comparison.pairing, layers=layers)


@contextmanager
def _paired(comparison: Comparison, pairs: Exchange) -> Iterator[None]:
    before: Pairing = comparison.pairing
    with comparison.port.unchanged():
        _pair(comparison, pairs)
        try:
            yield
        finally:
            comparison.pairing = before
