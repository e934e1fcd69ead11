"""What each model computes between the values they share and the first that they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np

from ... import tree
from ...compare import Comparison, relative
from ...layout import Array, channels_first, channels_last, mover, rearrangement
from ...pairing.couples import Couple
from ...sides.side import Event
from ..localise import Afterwards, Divergence
from . import record
from .matching import Match, Values
from .stream import Operation, Stream, Value

LONGEST = 12  # calls; more of them say no more than that the models differ
_MOST = 200  # operations that are looked at
_NEVER = 1 << 62
_PLACES = 4096  # where a value is looked for in the padded one


@dataclass(frozen=True)
class Segment:
    """The operations that make a value out of values the other model has too."""

    operations: list[Operation]
    sources: list[Match]


@dataclass(frozen=True)
class Target:
    """The first value that differs.

    `order`: what the port should have, as positions in the reference's `theirs`, flattened.
    `consumer` takes it in the port, after `pads`; None: it is the `leaf`th of the model's outputs.
    """

    theirs: Value
    ours: Value
    order: Array
    consumer: Event | None
    leaf: int = 0
    pads: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class Glue:
    """The first value that differs, and what either side makes it of."""

    target: Target
    reference: Segment
    port: Segment

    @property
    def both(self) -> bool:
        """Either side computes something there."""
        return bool(self.reference.operations and self.port.operations)


def glue_of(comparison: Comparison, where: Divergence | Afterwards) -> Glue | None:
    """None where the operations cannot be seen, or the value is of no operation's making."""
    sides = (comparison.reference, comparison.inputs), (comparison.port, comparison.port_inputs)
    streams = [record(side, inputs, where.training) for side, inputs in sides]
    if streams[0] is None or streams[1] is None:
        return None
    theirs, ours = streams[0], streams[1]
    found = (
        _fed(where.couple, theirs, ours)
        if isinstance(where, Divergence)
        else _returned(comparison, theirs, ours)
    )
    return None if found is None else _between(comparison.port.dtype, theirs, ours, found)


def _between(dtype: str, theirs: Stream, ours: Stream, target: Target) -> Glue | None:
    in_reference, in_port = Values(theirs.values(), dtype), Values(ours.values(), dtype)
    end = target.ours.index + 1
    wanted = target.theirs.array.ravel()[target.order]
    same = in_port.exactly(wanted, end)
    top = None if same is None else Match(target.theirs, same, np.argsort(target.order.ravel()))
    back = None
    if target.order.size == target.ours.array.size == target.theirs.array.size:
        turned = np.empty_like(target.ours.array.ravel())
        turned[target.order.ravel()] = target.ours.array.ravel()
        back = in_reference.exactly(turned.reshape(target.theirs.array.shape), _NEVER)
    under = None if back is None else Match(target.ours, back, target.order.ravel())

    def in_both(value: Value, loose: bool) -> Match | None:
        match = in_reference.like(value, _NEVER, loose)
        if loose and match is not None and match.ours is target.theirs:
            return in_reference.like(value, _NEVER, False)  # in another order it is no equal
        return match

    found = None
    for loose in (False, True):
        reference = _segment(target.theirs, partial(in_port.like, before=end, loose=loose), top)
        port = _segment(target.ours, partial(in_both, loose=loose), under)
        if reference is not None and port is not None:
            found = Glue(target, reference, port)
            if len(_kinds(reference)) <= LONGEST:
                break
    return found


def narrowed(glue: Glue) -> Iterator[Glue]:
    """Where both make the same calls: the first of them alone, in each layout that fits."""
    theirs, ours = (_first_call(segment) for segment in (glue.reference, glue.port))
    if _kinds(glue.reference) != _kinds(glue.port) or theirs is None or ours is None:
        return
    made, here = theirs[-1].outputs[0], ours[-1].outputs[0]
    if made is glue.target.theirs or here is glue.target.ours:
        return
    used = {value for operation in theirs for value in operation.inputs}
    sources = [match for match in glue.reference.sources if match.theirs in used]
    positions: Array = np.arange(made.array.size).reshape(made.array.shape)
    orders = [positions]
    if positions.ndim > 2:
        orders += [channels_last(positions), channels_first(positions)]
    for order in orders:
        if order.shape == here.array.shape:
            target = Target(made, here, order, None)
            yield Glue(target, Segment(theirs, sources), Segment(ours, []))


def _first_call(segment: Segment) -> list[Operation] | None:
    first = next((o for o in segment.operations if not o.idle), None)
    if first is None:
        return None
    return [o for o in segment.operations if o.site.call == first.site.call]


def _segment(
    target: Value, find: Callable[[Value], Match | None], top: Match | None
) -> Segment | None:
    """From `target` back to the nearest values that the other model has."""
    if top is None and target.maker is None:
        top = find(target)
    if top is not None or target.maker is None:
        return None if top is None else Segment([], [top])
    operations: set[Operation] = set()
    sources: list[Match] = []
    seen: set[Value] = set()
    open_ends = list(target.maker.inputs)
    operations.add(target.maker)
    while open_ends:
        value = open_ends.pop()
        if value in seen or not value.fed or not value.floats:
            continue
        seen.add(value)
        match = find(value)
        if match is not None:
            sources.append(match)
        elif value.maker is None or len(operations) >= _MOST:
            return None
        elif value.maker not in operations:
            operations.add(value.maker)
            open_ends += value.maker.inputs
    return Segment(sorted(operations, key=lambda o: o.index), sources)


def _kinds(segment: Segment) -> list[str]:
    return list({o.site.call: o.site.name for o in segment.operations if not o.idle}.values())


def _fed(couple: Couple, theirs: Stream, ours: Stream) -> Target | None:
    """What the diverging layer is fed on either side."""
    reference, port = _input_of(couple.reference, theirs), _input_of(couple.port, ours)
    if reference is None or port is None:
        return None
    pads: tuple[Operation, ...] = ()
    if reference.array.size != port.array.size:  # a layer pads there, on the one side alone
        (reference, _), (port, pads) = _unpadded(reference), _unpadded(port)
    positions = np.arange(reference.array.size, dtype=np.float64).reshape(reference.array.shape)
    shown = replace(couple.port, inputs=port.array)
    given = replace(couple.reference, inputs=positions)
    fed = replace(couple, reference=given, port=shown).reference_input()
    return Target(reference, port, fed.astype(np.int64), couple.port, pads=pads)


def _unpadded(value: Value) -> tuple[Value, tuple[Operation, ...]]:
    """The value before the constant borders around it, and the operations that made them."""
    pads: list[Operation] = []
    while value.maker is not None:
        maker = value.maker
        taken = [v for v in maker.inputs if v.fed and v.floats]
        if len(taken) != 1 or not _is_inside(taken[0].array, value.array):
            break
        pads.append(maker)
        value = taken[0]
    return value, tuple(reversed(pads))


def _is_inside(array: Array, padded: Array) -> bool:
    """`padded` is `array` with one constant around it, or nothing."""
    if array.ndim != padded.ndim:
        return False
    free = [n - m + 1 for m, n in zip(array.shape, padded.shape, strict=True)]
    if min(free, default=0) < 1 or np.prod(free) > _PLACES:
        return False
    for starts in product(*map(range, free)):
        place = tuple(slice(a, a + n) for a, n in zip(starts, array.shape, strict=True))
        if np.array_equal(padded[place], array):
            border = np.ones(padded.shape, dtype=bool)
            border[place] = False
            around = padded[border]
            return bool((around == around[:1]).all())
    return False


def _input_of(event: Event, stream: Stream) -> Value | None:
    same = (
        e
        for e in stream.events
        if e.layer is event.layer
        and e.name == event.name
        and np.array_equal(e.inputs, event.inputs)
    )
    here = next(same, None)
    if here is None:
        return None
    until = stream.positions[id(here)]
    return last_made(stream, here.inputs, until)


def _returned(comparison: Comparison, theirs: Stream, ours: Stream) -> Target | None:
    """The first of the model's outputs that differs."""
    leaves, given = tree.leaves(theirs.outputs), tree.leaves(ours.outputs)
    moved = tree.leaves(comparison.in_reference_layout(ours.outputs))
    if not len(leaves) == len(given) == len(moved):
        return None
    errors = [relative(np.asarray(b), a) for a, b in zip(leaves, moved, strict=True)]
    leaf = next(i for i, error in enumerate(errors) if error >= max(errors) / 100)
    values = last_made(theirs, leaves[leaf]), last_made(ours, given[leaf])
    if values[0] is None or values[1] is None:
        return None
    shapes = [np.shape(a) for a in leaves]
    starts = np.cumsum([0, *(int(np.prod(s)) for s in shapes)])
    numbered = [
        np.arange(start, start + int(np.prod(shape)), dtype=np.float64).reshape(shape)
        for start, shape in zip(starts, shapes, strict=False)
    ]
    moves = rearrangement(comparison.in_reference_layout, ours.outputs)
    if moves is not None and [p.shape for p in moves.positions] == shapes:
        order = moves.backward(numbered)[leaf] - starts[leaf]
        if order.min() < 0 or order.max() >= values[0].array.size:
            return None  # made of several of the reference's outputs
    else:
        move = mover(comparison.reference.framework, comparison.port.framework)
        order = move(numbered[leaf] - starts[leaf])
    return Target(values[0], values[1], order.astype(np.int64), None, leaf)


def last_made(stream: Stream, array: Array, until: int = _NEVER) -> Value | None:
    """The last value made before operation `until` that is this very array."""
    found = None
    for value in stream.values():
        if value.index >= until:
            break
        if value.array.shape == array.shape and np.array_equal(value.array, array):
            found = value
    return found
