"""Why recurrent layers do not pair: one of the models runs them one way only, or makes something
else of the two directions, which the next layer's weights show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ...wording import listed
from ..causes.summaries import is_recurrent, recognised
from ..compare import Comparison
from ..report import Finding
from ..sides.side import Event, Trace
from .layers import Unit, units

_BOTH = "bidirectional "


def directions(comparison: Comparison, traces: tuple[Trace, Trace]) -> Iterator[Finding]:
    theirs, ours = units(comparison.reference, traces[0]), units(comparison.port, traces[1])
    if [_one_way(u) for u in theirs] != [_one_way(u) for u in ours]:
        return
    couples = list(zip(theirs, ours, strict=True))
    if single := [(a, b) for a, b in couples if a.row.kind != b.row.kind]:
        yield _single(comparison, single)
        return
    for (before, after), (a, b) in pairwise(couples):
        if before.row.kind.startswith(_BOTH) and before.shapes == after.shapes:
            narrow, wide = sorted(map(_width, (a, b)))
            if wide == 2 * narrow > 0:
                yield from _merged(comparison, traces, (before, after), (a, b))


def _one_way(unit: Unit) -> str:
    return unit.row.kind.removeprefix(_BOTH)


def _single(comparison: Comparison, couples: list[tuple[Unit, Unit]]) -> Finding:
    theirs, ours = (listed([couple[i].name for couple in couples]) for i in (0, 1))
    both_wanted = couples[0][0].row.kind.startswith(_BOTH)
    how, other = "one way", "both ways"
    if not both_wanted:
        how, other = other, how
    name = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}[_one_way(couples[0][0])]
    if comparison.port.framework == "torch":
        fix = f"nn.{name}(..., bidirectional={both_wanted})"
    else:
        name = "SimpleRNN" if name == "RNN" else name
        fix = f"Bidirectional({name}(...))" if both_wanted else f"{name}(...) without Bidirectional"
    cause = f"in time the port runs {how} ({ours}), the reference {other} ({theirs})"
    return Finding(cause, "", fix)


def _width(unit: Unit) -> int:
    """Of the features it is fed."""
    shape = unit.shapes[0][1] if unit.shapes else ()
    return int(shape[1]) if len(shape) > 1 else 0


def _merged(
    comparison: Comparison,
    traces: tuple[Trace, Trace],
    producers: tuple[Unit, Unit],
    consumers: tuple[Unit, Unit],
) -> Iterator[Finding]:
    taken = []
    for trace, producer, consumer in zip(traces, producers, consumers, strict=True):
        made, fed = _first(trace, producer), _first(trace, consumer)
        taken.append(recognised(made.output, fed.inputs, True) if is_recurrent(made) else None)
    theirs, ours = taken
    if theirs is None or ours is None or theirs.name == ours.name:
        return
    name = producers[1].name
    fix = f"take {theirs.name}: {theirs.advice[comparison.port.framework]}"
    if getattr(producers[1].layer, "merge_mode", "concat") != "concat" and not theirs.merges:
        fix = f'{name}: Bidirectional(..., merge_mode="concat")'
    words = [
        s.name if s.merges else f"{s.name}, the directions side by side" for s in (theirs, ours)
    ]
    cause = f"of {name} the port hands {words[1]}, to {consumers[1].name}, the reference {words[0]}"
    yield Finding(cause, "", fix)


def _first(trace: Trace, unit: Unit) -> Event:
    return next(event for event in trace.events if event.layer is unit.layer)
