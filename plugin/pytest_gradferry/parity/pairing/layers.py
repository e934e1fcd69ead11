"""Which layer of the port is which layer of the reference, and which weight goes where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any

import numpy as np

from ..errors import ParityInputError
from ..layout import Array, channels_first, channels_last
from ..mapping import Row, Weight, find
from ..sides.side import Event, Handle, Side, Trace
from .slopes import along_other_axis

Transposition = Callable[[Array], Array]


@dataclass(frozen=True)
class Unit:
    """A layer of the table that was called and has weights."""

    layer: Any
    name: str
    row: Row
    shapes: tuple[tuple[str, tuple[int, ...]], ...]  # by torch's names, in torch's layout
    after: str = ""  # the signature of the layer whose very output it is fed
    variables: tuple[int, ...] = ()  # what its weights stand in, by identity

    @property
    def signature(self) -> tuple[Any, ...]:
        return (self.row.kind, self.shapes)

    def __str__(self) -> str:
        shapes = ", ".join(f"{name} {shape}" for name, shape in self.shapes)
        return f"{self.name}: {type(self.layer).__name__} ({shapes or 'no weights'})"


@dataclass
class WeightPair:
    """One weight on both sides; `to_port` and `to_reference` are its transpositions."""

    reference: Handle
    port: Handle
    to_port: Transposition
    to_reference: Transposition
    statistic: bool = False  # moves in the forward pass, not by gradients

    @property
    def name(self) -> str:
        return self.reference.name


@dataclass
class LayerPair:
    reference: Unit
    port: Unit
    weights: list[WeightPair]
    order: Array | None = None  # port's input features, as positions in the reference's


class StructureError(Exception):
    """The layers or weights of the two do not pair; the message lists both sides."""


@dataclass
class Pairing:
    layers: list[LayerPair]
    loose: list[WeightPair]  # of layers the table does not know
    idle: list[str] = field(default_factory=list)  # statistics that the other side does not keep

    @property
    def ambiguous(self) -> bool:
        """Several layers look alike: which is which was told by the order of execution alone."""
        signatures = [layer.reference.signature for layer in self.layers]
        return len(set(signatures)) < len(signatures)

    @property
    def weights(self) -> list[WeightPair]:
        return [w for layer in self.layers for w in layer.weights] + self.loose


def units(side: Side, trace: Trace) -> list[Unit]:
    """Layers with weights, in the order of their first call."""
    found: list[Unit] = []
    seen: set[int] = set()
    outputs: dict[int, Array] = {}
    for event in trace.events:
        if event.layer is None or id(event.layer) in seen or not event.row.weights:
            continue
        seen.add(id(event.layer))
        shapes, variables = [], []
        for weight in event.row.weights:
            handle = handle_of(side, weight, event.layer)
            if handle is not None:
                variables.append(side.key(handle))
                hollow = handle.of(np.broadcast_to(0.0, tuple(handle.variable.shape)))
                if side.framework == "keras" and not along_other_axis(event, trace):
                    hollow = weight.to_torch(hollow)
                shapes.append((weight.torch, hollow.shape))
            elif _statistic(weight) and side.framework == "torch":  # track_running_stats=False
                shapes.append((weight.torch, (event.layer.num_features,)))
        unit = Unit(event.layer, event.name, event.row, tuple(shapes), variables=tuple(variables))
        before = next((u for u in reversed(found) if _feeds(outputs[id(u.layer)], event)), None)
        found.append(unit if before is None else replace(unit, after=str(before.signature)))
        outputs[id(event.layer)] = event.output
    return found


def _feeds(output: Array, event: Event) -> bool:
    return output.shape == event.inputs.shape and np.array_equal(output, event.inputs)


def pair(
    reference: Side,
    port: Side,
    traces: tuple[Trace, Trace],
    mapping: Mapping[str, str] | None,
) -> Pairing:
    """Layers by type and order of execution, checked by shapes.

    Raises StructureError where anything is left over or could be paired in two ways, and
    ParityInputError where `mapping` names a layer or weight that is not there.
    """
    theirs, ours = units(reference, traces[0]), units(port, traces[1])
    mapping = dict(mapping or {})
    by_name, theirs, ours = _mapped(theirs, ours, mapping)
    try:
        pairs = by_name + _in_order(_without_tied(theirs, ours), _without_tied(ours, theirs))
    except StructureError as error:
        raise StructureError(f"{error}{_unknown(reference, port, traces)}") from None
    order = {id(unit.layer): i for i, unit in enumerate(units(reference, traces[0]))}
    pairs.sort(key=lambda p: order[id(p[0].layer)])
    layers = []
    for a, b in pairs:
        if a.row.kind != b.row.kind or a.shapes != b.shapes:
            raise StructureError(f"mapping pairs layers that do not fit:\n  {a}\n  {b}")
        layers.append(coupled(reference, port, a, b))
    idle = [handle for layer in layers for handle in _idle(reference, port, layer)]
    others = loose(reference, port, layers, {id(h.variable) for h in idle}, mapping)
    if mapping:
        raise ParityInputError(
            f"mapping names {sorted(mapping)}, which are no layers or weights of {reference}"
        )
    return Pairing(layers, others, [handle.name for handle in idle])


def _unknown(reference: Side, port: Side, traces: tuple[Trace, Trace]) -> str:
    """Weights of layers that the table does not know, a user's cell maybe: they may be the ones
    that miss a partner."""
    lines = []
    for role, side, trace in (("reference", reference, traces[0]), ("port", port, traces[1])):
        covered = {key for unit in units(side, trace) for key in unit.variables}
        weights = [f"{h.name} {_shape(side, h)}" for h in _without(side, covered)]
        if weights:
            lines.append(f"\n  of no layer known here, {role}: {', '.join(weights[:8])}")
    return "".join(lines)


def handle_of(side: Side, weight: Weight, layer: Any, name: str = "") -> Handle | None:
    """The layer's own weight; None where it has none."""
    path = weight.torch if side.framework == "torch" else weight.keras
    place = find(layer, path)
    if place is None:
        return None
    return Handle(
        layer, place.attribute, f"{name}.{place.attribute}{place.block or ''}", place.block
    )


def _mapped(
    theirs: list[Unit], ours: list[Unit], mapping: dict[str, str]
) -> tuple[list[tuple[Unit, Unit]], list[Unit], list[Unit]]:
    """The pairs the user named, taken out of `mapping`, and who is left on either side."""
    pairs = []
    by_name = {unit.name: unit for unit in ours}
    for unit in theirs:
        if unit.name not in mapping:
            continue
        wanted = mapping.pop(unit.name)
        if wanted not in by_name:
            raise ParityInputError(
                f"mapping sends {unit.name} to {wanted!r}; the port has {', '.join(by_name)}"
            )
        pairs.append((unit, by_name[wanted]))
    taken = {id(unit) for couple in pairs for unit in couple}
    return (
        pairs,
        [unit for unit in theirs if id(unit) not in taken],
        [unit for unit in ours if id(unit) not in taken],
    )


def _in_order(theirs: list[Unit], ours: list[Unit]) -> list[tuple[Unit, Unit]]:
    """Pairs in the order of execution or, where branches are called in another order, those that
    look alike and follow layers that look alike."""
    if [u.signature for u in theirs] == [u.signature for u in ours]:
        return _by_name(theirs, ours)
    if Counter(u.signature for u in theirs) != Counter(u.signature for u in ours):
        raise StructureError(f"the layers do not pair\n{side_by_side(theirs, ours)}")
    if {u.name for u in theirs} == {u.name for u in ours}:
        by_name = {u.name: u for u in ours}
        return [(u, by_name[u.name]) for u in theirs]
    alike: defaultdict[tuple[Any, ...], list[Unit]] = defaultdict(list)
    for unit in ours:
        alike[unit.signature, unit.after].append(unit)
    pairs = []
    for unit in theirs:
        candidates = alike[unit.signature, unit.after]
        if not candidates:
            raise StructureError(
                "the layers are called in another order and several look alike; name the pairs "
                f"with mapping={{reference: port}}\n{side_by_side(theirs, ours)}"
            )
        pairs.append((unit, candidates.pop(0)))
    return pairs


def _by_name(theirs: list[Unit], ours: list[Unit]) -> list[tuple[Unit, Unit]]:
    """In the order of execution, but that layers which look alike and bear the same names on
    either side go by those: called in another order they are still the same."""
    named: dict[tuple[Any, str], Unit] = {}
    for signature in {u.signature for u in theirs}:
        alike = [[u for u in units if u.signature == signature] for units in (theirs, ours)]
        if {u.name for u in alike[0]} == {u.name for u in alike[1]}:
            named |= {(signature, u.name): u for u in alike[1]}
    return [(a, named.get((a.signature, a.name), b)) for a, b in zip(theirs, ours, strict=True)]


def _without_tied(units: list[Unit], others: list[Unit]) -> list[Unit]:
    """Without the layers that have no partner, and an earlier layer's matrix: an output layer tied
    to the embedding is a product with its matrix on the other side, and maybe a bias."""
    surplus = Counter(u.signature for u in units) - Counter(u.signature for u in others)
    kept, owned = [], set[int]()
    for unit in units:
        tied = bool(unit.variables) and unit.variables[0] in owned
        if tied and surplus[unit.signature] > 0:
            surplus[unit.signature] -= 1
        else:
            kept.append(unit)
        owned.update(unit.variables)
    return kept


def side_by_side(theirs: list[Unit], ours: list[Unit]) -> str:
    """Both lists, lined up where they agree; what has no partner is marked."""
    a_keys, b_keys = ([str(u.signature) for u in units] for units in (theirs, ours))
    lines = []
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, a_keys, b_keys, False).get_opcodes():
        if tag == "equal":
            for a, b in zip(theirs[a0:a1], ours[b0:b1], strict=True):
                lines.append(f"     both       {a.name} / {b.name}")
        else:
            lines += [f"  !  reference  {unit}" for unit in theirs[a0:a1]]
            lines += [f"  !  port       {unit}" for unit in ours[b0:b1]]
    if len(lines) > 40:
        lines = [line for line in lines if line.startswith("  !")][:40]
    return "\n".join(lines)


def coupled(reference: Side, port: Side, a: Unit, b: Unit) -> LayerPair:
    """The two layers with their weights."""
    return LayerPair(a, b, _weights(reference, port, a, b))


def _weights(reference: Side, port: Side, a: Unit, b: Unit) -> list[WeightPair]:
    pairs = []
    for weight in (b if port.framework == "keras" else a).row.weights:
        theirs, ours = (
            handle_of(side, weight, unit.layer, unit.name)
            for side, unit in ((reference, a), (port, b))
        )
        if theirs is not None and ours is not None:
            forth, back = _transpositions(reference, port, weight, (theirs, ours))
            pairs.append(WeightPair(theirs, ours, forth, back, _statistic(weight)))
    return pairs


def _statistic(weight: Weight) -> bool:
    return weight.torch.startswith("running_")


def _idle(reference: Side, port: Side, layer: LayerPair) -> list[Handle]:
    """Statistics of a batch norm whose partner keeps none, and normalises by each batch."""
    sides = ((reference, layer.reference), (port, layer.port))
    found = []
    for weight in filter(_statistic, layer.reference.row.weights):
        handles = [handle_of(side, weight, unit.layer, unit.name) for side, unit in sides]
        if None in handles:
            found += [handle for handle in handles if handle is not None]
    return found


def _transpositions(
    reference: Side, port: Side, weight: Weight, handles: tuple[Handle, Handle]
) -> tuple[Transposition, Transposition]:
    if reference.framework == port.framework:
        return _unchanged, _unchanged
    keras = handles[1] if port.framework == "keras" else handles[0]
    shape = keras.of(np.broadcast_to(0.0, tuple(keras.variable.shape))).shape

    def to_keras(array: Array) -> Array:
        return weight.to_keras(array).reshape(shape)

    if port.framework == "keras":
        return to_keras, weight.to_torch
    return weight.to_torch, to_keras


def _unchanged(array: Array) -> Array:
    return array


def loose(
    reference: Side, port: Side, layers: list[LayerPair], idle: set[int], mapping: dict[str, str]
) -> list[WeightPair]:
    """Weights of no layer in the table: by `mapping`, by name, or by the only shape that fits."""
    weights = [w for layer in layers for w in layer.weights]
    theirs = _without(reference, idle | {reference.key(w.reference) for w in weights})
    ours = _without(port, idle | {port.key(w.port) for w in weights})
    pairs: list[tuple[Handle, Handle]] = []

    def take(a: Handle, b: Handle) -> None:
        pairs.append((a, b))
        theirs.remove(a)
        ours.remove(b)

    for a in list(theirs):
        if a.name in mapping:
            wanted = mapping.pop(a.name)
            b = next((h for h in ours if h.name == wanted), None)
            if b is None:
                raise ParityInputError(
                    f"mapping sends {a.name} to {wanted!r}; left in the port are "
                    f"{', '.join(h.name for h in ours) or 'none'}"
                )
            if _moves(reference, port, a, b) is None:
                raise ParityInputError(
                    f"mapping sends {a.name} {_shape(reference, a)} to {b.name} {_shape(port, b)}: "
                    "the shapes do not fit"
                )
            take(a, b)
    for a in list(theirs):
        same = [h for h in ours if h.name == a.name and _moves(reference, port, a, h)]
        if len(same) == 1:
            take(a, same[0])
    for a in list(theirs):
        shape = _shape(reference, a)
        alike = [h for h in theirs if _shape(reference, h) == shape]
        fitting = [h for h in ours if _shape(port, h) == shape]
        square = len(shape) > 1 and len(set(shape)) < len(shape)  # transposed it would fit as well
        if len(alike) == len(fitting) == 1 and not square:
            take(a, fitting[0])
    if theirs or ours:
        _left_over(reference, port, theirs, ours)
    moves = [_moves(reference, port, a, b) or (_unchanged, _unchanged) for a, b in pairs]
    return [WeightPair(a, b, *move) for (a, b), move in zip(pairs, moves, strict=True)]


def _moves(
    reference: Side, port: Side, a: Handle, b: Handle
) -> tuple[Transposition, Transposition] | None:
    """How a weight of no layer goes over, None where it does not fit.

    As it is or, if it holds a number for each channel of an image, (1, C, 1, 1) as (1, 1, 1, C).
    """
    theirs, ours = _shape(reference, a), _shape(port, b)
    if theirs == ours:
        return _unchanged, _unchanged
    keras_port = port.framework == "keras" != reference.framework
    first, last = (theirs, ours) if keras_port else (ours, theirs)
    by_channel = len(last) > 3 and set(last[:-1]) == {1}
    if not by_channel or first != (1, last[-1], *last[1:-1]):
        return None
    return (channels_last, channels_first) if keras_port else (channels_first, channels_last)


def _without(side: Side, covered: set[int]) -> list[Handle]:
    return [handle for handle in side.all_weights() if side.key(handle) not in covered]


def _left_over(reference: Side, port: Side, theirs: list[Handle], ours: list[Handle]) -> None:
    def listed(side: Side, handles: list[Handle]) -> str:
        return "\n".join(f"    {h.name} {_shape(side, h)}" for h in handles) or "    none"

    raise StructureError(
        "weights are left without a counterpart; name the pairs with mapping={reference: port}\n"
        f"  reference:\n{listed(reference, theirs)}\n  port:\n{listed(port, ours)}"
    )


def _shape(side: Side, handle: Handle) -> tuple[int, ...]:
    return tuple(side.get(handle).shape)
