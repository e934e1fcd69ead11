"""Weights that are one in one of the models and several in the other, so that their layers do not
pair: a layer called where the other model calls two, an output made with the embedding's matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from ...wording import listed
from ..compare import Comparison
from ..layout import Array
from ..report import Finding
from ..sides.side import Handle, Side, Trace
from .layers import Pairing, StructureError, Unit, WeightPair, coupled, handle_of, loose, units

_SAME = 1e-6
Copy = Callable[[list[WeightPair]], None]
Calls = list[tuple[Unit, Unit]]  # the reference's and the port's layer of each call


def shared(comparison: Comparison, traces: tuple[Trace, Trace], copy: Copy) -> Iterator[Finding]:
    """Each proven: with the weights shared, or not, as the reference has them, the outputs agree.

    `copy` gives the port the reference's weights.
    """
    theirs, ours = (
        _calls(side, trace)
        for side, trace in zip((comparison.reference, comparison.port), traces, strict=True)
    )
    for role, longer, shorter in (("port", ours, theirs), ("reference", theirs, ours)):
        for output in _outputs(longer, shorter):
            rest = [unit for unit in longer if unit is not output]
            calls = _paired(shorter, rest) if role == "port" else _paired(rest, shorter)
            yield from _tied(comparison, calls, output, role, copy)
    yield from _called_again(comparison, _paired(theirs, ours), copy)


def _calls(side: Side, trace: Trace) -> list[Unit]:
    """The layers with weights, as often as they are called."""
    by_layer = {id(unit.layer): unit for unit in units(side, trace)}
    return [by_layer[id(e.layer)] for e in trace.events if id(e.layer) in by_layer]


def _paired(theirs: list[Unit], ours: list[Unit]) -> Calls:
    """Empty where they are not alike, call by call."""
    if [u.signature for u in theirs] != [u.signature for u in ours]:
        return []
    return list(zip(theirs, ours, strict=True))


# -- an output layer and the embedding ------------------------------------------------------------


def _outputs(longer: list[Unit], shorter: list[Unit]) -> Iterator[Unit]:
    """Dense layers too many whose matrix could be an embedding's."""
    if len(longer) != len(shorter) + 1:
        return
    matrices = {u.shapes[0][1] for u in longer if u.row.kind == "embedding"}
    for unit in reversed(longer):
        if unit.row.kind == "dense" and len(unit.shapes) == 1 and unit.shapes[0][1] in matrices:
            yield unit


def _tied(
    comparison: Comparison, calls: Calls, output: Unit, role: str, copy: Copy
) -> Iterator[Finding]:
    side, at = (comparison.port, 1) if role == "port" else (comparison.reference, 0)
    shape = output.shapes[0][1]
    pair = next(
        (c for c in calls if c[0].row.kind == "embedding" and c[0].shapes[0][1] == shape), None
    )
    matrix = handle_of(side, output.row.weights[0], output.layer)
    if pair is None or matrix is None:
        return
    embedding = pair[at]
    source = handle_of(side, embedding.row.weights[0], embedding.layer)
    assert source is not None

    @contextmanager
    def tied() -> Iterator[None]:
        value = side.get(source)
        side.set(matrix, value if side.framework == "torch" else value.T)
        comparison.forget()
        yield

    measured = _measured(comparison, calls, copy, tied, {id(matrix.variable)})
    if measured is None:
        return
    theirs, ours = pair[0].name, pair[1].name
    change = f"that of {embedding.name} in {output.name}"
    if role == "port":
        cause = f"{output.name} of the port has a matrix of its own, the reference uses {theirs}'s"
        fix = (
            f"{output.name}.weight = {ours}.weight"
            if side.framework == "torch"
            else f"ops.matmul(x, ops.transpose({ours}.embeddings)) in place of {output.name}"
        )
    else:
        cause = (
            f"the port uses {ours}'s matrix, the reference has {output.name}, with one of its own"
        )
        fix = f"give the port a layer of its own where the reference has {output.name}"
    yield Finding(cause, change, fix, *measured)


# -- one layer for several ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Several:
    """Layers of the one model that are `one` in the other."""

    one: Unit
    several: list[Unit]


def _grouped(calls: Calls, one: int) -> list[_Several]:
    found: dict[int, _Several] = {}
    for call in calls:
        group = found.setdefault(id(call[one]), _Several(call[one], []))
        if call[1 - one] not in group.several:
            group.several.append(call[1 - one])
    return [group for group in found.values() if len(group.several) > 1]


def _called_again(comparison: Comparison, calls: Calls, copy: Copy) -> Iterator[Finding]:
    for group in _grouped(calls, 0):
        measured = _measured(comparison, calls, copy, _nothing, set())
        if measured is not None:
            names = listed([unit.name for unit in group.several])
            cause = f"{names} of the port are one layer in the reference, {group.one.name}"
            yield Finding(cause, "its weights in all of them", "call one layer there", *measured)
    for group in _grouped(calls, 1):
        measured = _measured(comparison, calls, copy, lambda: _apart(comparison, calls), set())
        if measured is not None:
            names = listed([unit.name for unit in group.several])
            cause = f"{group.one.name} of the port is several layers in the reference, {names}"
            fix = "give the port a layer for each of them"
            yield Finding(cause, "weights of their own", fix, *measured)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _apart(comparison: Comparison, calls: Calls) -> Iterator[None]:
    """Each call of a port's layer runs with the weights of the reference's layer of that call."""
    reference, port = comparison.reference, comparison.port
    values: dict[int, list[list[tuple[Handle, Array]]]] = {}
    layers: dict[int, Any] = {}
    for theirs, ours in calls:
        weights = coupled(reference, port, theirs, ours).weights
        layers[id(ours.layer)] = ours.layer
        values.setdefault(id(ours.layer), []).append(
            [(w.port, w.to_port(reference.get(w.reference))) for w in weights]
        )
    count = dict.fromkeys(values, 0)

    def loaded(key: int) -> Callable[[Any], Any]:
        def before(tensor: Any) -> Any:
            for handle, value in values[key][count[key] % len(values[key])]:
                port.set(handle, value)
            count[key] += 1
            return tensor

        return before

    with ExitStack() as stack:
        for key, each in values.items():
            if len(each) > 1:
                stack.enter_context(port.intercepted(layers[key], before=loaded(key)))
        yield


def _measured(
    comparison: Comparison,
    calls: Calls,
    copy: Copy,
    changed: Callable[[], Any],
    left: set[int],
) -> tuple[float, float] | None:
    """The outputs' difference with a layer for each other, and with all as the reference has it;
    None where that does not make them agree. `left` are weights that have no partner."""
    reference, port = comparison.reference, comparison.port
    alone = list({id(b): (a, b) for a, b in reversed(calls)}.values())[::-1]
    firsts = list({id(a): (a, b) for a, b in reversed(alone)}.values())
    try:
        with reference.unchanged(), port.unchanged():
            errors = []
            for pairs, change in ((firsts, _nothing), (alone, changed)):
                layers = [coupled(reference, port, a, b) for a, b in pairs]
                every = [coupled(reference, port, a, b) for a, b in calls]
                others = loose(reference, port, every, left, {})
                comparison.pairing = Pairing(layers, others)
                copy(comparison.pairing.weights)
                with change():
                    errors.append(comparison.forward_eval().error)
    except StructureError:
        return None
    finally:
        comparison.pairing = Pairing([], [])
        comparison.forget()
    before, after = errors
    return (before, after) if after < min(_SAME, before / 100) else None
