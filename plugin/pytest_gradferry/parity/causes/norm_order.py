"""Norms before or after the residual sum: x + f(norm(x)) for norm(x + f(x)), or the reverse.

Where they stand is told by whom they feed; all of them change places together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np

from ...wording import listed
from ..compare import Comparison
from ..pairing.layers import LayerPair
from ..sides.side import Event, Side, Trace
from .hypothesis import Hypothesis
from .operations import record, replaced
from .operations.stream import Stream, Value

_NORMS = ("layernorm", "rmsnorm", "groupnorm", "batchnorm")

Fed = dict[int, list[int]]  # the pairs that a pair's norm hands its very output to


def norm_order(comparison: Comparison) -> Iterator[Hypothesis]:
    pairs = comparison.pairing.layers
    calls = [
        _calls(trace, [id(getattr(p, role).layer) for p in pairs])
        for trace, role in zip(comparison.traces(), ("reference", "port"), strict=True)
    ]
    theirs, ours = (_fed(events, pairs) for events in calls)
    other = [i for i in theirs if theirs[i] != ours[i]]
    before = {i: theirs[i] for i in other if theirs[i]}
    names = listed([pairs[i].port.name for i in other])
    if before and _led_by(before, list(calls[1])):
        yield Hypothesis(
            f"the port normalises after the sum, norm(x + f(x)), the reference before, "
            f"x + f(norm(x)): {names}",
            "the norms before what they lead to",
            f"x + f(norm(x)){_norm_first(comparison, True)}",
            partial(_first, comparison.port, pairs, before),
        )
    after = {i: ours[i] for i in other if ours[i]}
    if not after or not _led_by(after, list(calls[0])):
        return
    if sums := _sums(comparison, [pairs[i] for i in after]):
        yield Hypothesis(
            f"the port normalises before the sum, x + f(norm(x)), the reference after, "
            f"norm(x + f(x)): {names}",
            "the norms after the sums",
            f"norm(x + f(x)){_norm_first(comparison, False)}",
            partial(_last, comparison.port, sums),
        )


def _norm_first(comparison: Comparison, wanted: bool) -> str:
    modules = getattr(comparison.port.model, "modules", None)
    layers = [m for m in modules() if hasattr(m, "norm_first")] if callable(modules) else []
    return f": nn.{type(layers[0]).__name__}(..., norm_first={wanted})" if layers else ""


def _calls(trace: Trace, layers: list[int]) -> dict[int, Event]:
    """The first call of each pair's layer, in their order."""
    found: dict[int, Event] = {}
    for event in trace.events:
        if id(event.layer) in layers:
            found.setdefault(layers.index(id(event.layer)), event)
    return found


def _fed(calls: dict[int, Event], pairs: list[LayerPair]) -> Fed:
    return {
        i: sorted(j for j, event in calls.items() if _takes(event, made))
        for i, made in calls.items()
        if pairs[i].reference.row.kind in _NORMS
    }


def _led_by(fed: Fed, order: list[int]) -> bool:
    """The other model calls what a norm leads to before the norm."""
    return all(order.index(j) < order.index(i) for i, others in fed.items() for j in others)


def _takes(event: Event, made: Event) -> bool:
    same = event.inputs.shape == made.output.shape
    return same and event is not made and np.array_equal(event.inputs, made.output)


class _Bypass:
    """Norms that hand on what they are given, but when they are called on purpose."""

    def __init__(self, side: Side, stack: ExitStack, layers: list[Any]) -> None:
        self.side = side
        self.wanted = False
        for layer in layers:
            caught: list[Any] = []
            stack.enter_context(
                side.intercepted(layer, partial(self._catch, caught), partial(self._hand, caught))
            )

    def _catch(self, caught: list[Any], tensor: Any) -> Any:
        caught.append(tensor)
        return tensor

    def _hand(self, caught: list[Any], made: Any) -> Any:
        given = caught.pop()
        return made if self.wanted else given

    def norm(self, layer: Any, tensor: Any) -> Any:
        """The layer at work."""
        before, self.wanted = self.wanted, True
        try:
            return layer(tensor)
        finally:
            self.wanted = before


@contextmanager
def _first(side: Side, pairs: list[LayerPair], before: Fed) -> Iterator[None]:
    with ExitStack() as stack:
        bypass = _Bypass(side, stack, [pairs[i].port.layer for i in before])
        for i, consumers in before.items():
            for j in consumers:
                normed = partial(bypass.norm, pairs[i].port.layer)
                stack.enter_context(side.intercepted(pairs[j].port.layer, before=normed))
        yield


# -- after the sums ------------------------------------------------------------------------------


def _sums(comparison: Comparison, norms: list[LayerPair]) -> list[tuple[Any, Value]]:
    """Of each norm of the port the sum of what it takes and of what is made of its output; empty
    where one is not seen."""
    stream = record(comparison.port, comparison.port_inputs, training=False)
    found = []
    for pair in norms if stream is not None else ():
        assert stream is not None
        total = _sum_over(stream, pair.port.layer)
        if total is None:
            return []
        found.append((pair.port.layer, total))
    return found


def _sum_over(stream: Stream, layer: Any) -> Value | None:
    event = next((e for e in stream.events if e.layer is layer), None)
    if event is None:
        return None
    start = stream.positions[id(event)]
    for operation in stream.operations[start:]:
        taken = [v for v in operation.inputs if v.fed and v.floats]
        around = any(_is(v, event.inputs) for v in taken)
        if len(taken) == 2 and around and _is_sum(taken, operation.outputs[0]):
            return operation.outputs[0]
    return None


def _is(value: Value, array: Any) -> bool:
    return value.array.shape == array.shape and np.array_equal(value.array, array)


def _is_sum(taken: list[Value], made: Value) -> bool:
    a, b = (v.array for v in taken)
    return a.shape == b.shape == made.array.shape and np.allclose(a + b, made.array)


@contextmanager
def _last(side: Side, sums: list[tuple[Any, Value]]) -> Iterator[None]:
    with ExitStack() as stack:
        bypass = _Bypass(side, stack, [layer for layer, _ in sums])
        for layer, total in sums:
            stack.enter_context(replaced(side, total, [], partial(bypass.norm, layer)))
        yield
