"""The reference's own operations, at work in the port: what differs there, proven."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np

from ... import tree
from ...compare import Comparison
from ...sides.side import Side
from . import caught, engine_of, replaced
from .glue import Glue, Segment
from .stream import Busy, Value
from .words import calls


def run_of(side: Side, segment: Segment, target: Value) -> Callable[[list[Any]], Any]:
    """`target` made anew of the segment's sources, given as native tensors in their order."""

    def run(tensors: list[Any]) -> Any:
        made = {id(match.theirs): t for match, t in zip(segment.sources, tensors, strict=True)}

        def native(value: Value) -> Any:
            if id(value) not in made:  # masks, lengths: no part of what is differentiated
                made[id(value)] = side.tensor(value.array)
            return made[id(value)]

        for operation in segment.operations:
            outputs = operation.again([native(value) for value in operation.inputs])
            for value, tensor in zip(operation.outputs, outputs, strict=True):
                made.setdefault(id(value), tensor)
        return made[id(target)]

    return run


def graft(comparison: Comparison, glue: Glue) -> Callable[[list[Any]], Any]:
    """The reference's segment on the port's own tensors, gradients included."""
    theirs, ours = engine_of(comparison.reference), engine_of(comparison.port)
    run = run_of(comparison.reference, glue.reference, glue.target.theirs)
    layouts = [m.order.reshape(m.theirs.array.shape) for m in glue.reference.sources]

    def grafted(tensors: list[Any]) -> Any:
        with Busy.working():
            moved = [ours.gather(t, order) for t, order in zip(tensors, layouts, strict=True)]
            if not glue.reference.operations:
                made = moved[0]
            elif theirs is ours:
                made = run(moved)
            else:
                made = ours.foreign(partial(theirs.pulled, comparison.reference, run), moved)
            return ours.gather(made, glue.target.order)

    return grafted


@contextmanager
def in_place(comparison: Comparison, glue: Glue) -> Iterator[None]:
    """The value itself is the reference's, for all who take it."""
    side = comparison.port
    function = graft(comparison, glue)
    sources = [match.ours for match in glue.reference.sources]
    shapes = [value.array.shape for value in (glue.target.ours, *sources)]

    def replacement(old: Any, *tensors: Any) -> Any:
        fits = [tuple(tensor.shape) for tensor in (old, *tensors)] == shapes
        return function(list(tensors)) if fits else old

    with replaced(side, glue.target.ours, sources, replacement):
        yield


def for_all(glue: Glue | None) -> bool:
    """`in_place` changes no more than one call of the port's."""
    if glue is None or glue.target.ours.maker is None:
        return False
    return all(len(calls(segment)) <= 1 for segment in (glue.reference, glue.port))


def changed(
    side: Side, value: Value, function: Callable[[Any], Any]
) -> AbstractContextManager[None]:
    """The function of a value where that stood."""
    return replaced(side, value, [], function)


@contextmanager
def for_consumer(comparison: Comparison, glue: Glue) -> Iterator[None]:
    """Only the layer that takes the value, or the model's output, gets the reference's."""
    side, consumer = comparison.port, glue.target.consumer
    function = _padded(side, graft(comparison, glue), glue)
    sources = [match.ours for match in glue.reference.sources]
    with ExitStack() as stack:
        tensors = stack.enter_context(caught(side, sources))

        def before(_: Any) -> Any:
            return function(tensors())

        if consumer is not None:
            stack.enter_context(side.intercepted(consumer.layer, before=before))
        else:
            stack.enter_context(side.intercepted(side.model, after=_at(glue.target.leaf, before)))
        yield


def _padded(
    side: Side, function: Callable[[list[Any]], Any], glue: Glue
) -> Callable[[list[Any]], Any]:
    """With the border that the port puts around the value before its consumer takes it."""

    def padded(tensors: list[Any]) -> Any:
        made = function(tensors)
        with Busy.working():
            for pad in glue.target.pads:
                given = [made if v.fed else side.tensor(v.array) for v in pad.inputs]
                made = pad.again(given)[0]
        return made

    return padded


def _at(leaf: int, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def changed(outputs: Any) -> Any:
        count = iter(range(len(tree.leaves(outputs))))
        return tree.transform(lambda t: function(t) if next(count) == leaf else t, outputs)

    return changed


def faithful(comparison: Comparison, glue: Glue) -> bool:
    """The segment, run again on what it was recorded with, makes the same value."""
    reference = comparison.reference
    run = run_of(reference, glue.reference, glue.target.theirs)
    tensors = [reference.tensor(match.theirs.array) for match in glue.reference.sources]
    with Busy.working():
        made = reference.array(run(tensors))
    return bool(np.allclose(made, glue.target.theirs.array, rtol=1e-6, atol=1e-9))
