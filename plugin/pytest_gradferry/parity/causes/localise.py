"""The first layer whose output differs, and whether the layer itself is to blame."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from ..compare import Comparison, relative
from ..layout import Array
from ..pairing.couples import Couple
from ..sides.side import Event, Side, Trace


@dataclass(frozen=True)
class Divergence:
    """`error` is that of the outputs; `alone` that of the port's layer when it is run on the
    reference's own input, None where it could not be."""

    couple: Couple
    previous: Couple | None
    error: float
    alone: float | None
    between: str  # the calls in between that have no comparable output
    training: bool
    fed_alike: bool  # its input is the reference's
    glue: Any = None  # the operations behind that input, an `operations.Glue`

    def __str__(self) -> str:
        text = (
            f"{self.couple.reference.label} / {self.couple.port.label}: outputs differ by "
            f"{self.error:.1e}"
        )
        if self.alone is not None:
            text += f", and by {self.alone:.1e} when the port's is fed the reference's input"
        return text

    @property
    def place(self) -> str:
        return self.couple.name

    @property
    def input_differs(self) -> bool:
        itself = self.alone is not None and (
            self.alone > self.error / 100 or math.isinf(self.alone)
        )
        return not itself and not self.fed_alike

    @property
    def verdict(self) -> str:
        if self.alone is None:
            return "it could not be run alone: the inputs of the two have different shapes"
        if self.alone > self.error / 100 or math.isinf(self.alone):
            return "the layer itself differs: its settings or its weights"
        if self.fed_alike:
            return "the layer alone and its input are right; it is called in another way"
        before = f"between {self.previous.name} and it" if self.previous else "before it"
        return f"the layer is right; what {before} happens to its input differs{self.between}"


@dataclass(frozen=True)
class Afterwards:
    """Every layer agrees, the model's outputs do not."""

    last: Couple | None
    error: float
    between: str
    training: bool
    glue: Any = None

    @property
    def place(self) -> str:
        return "one of the outputs"

    def __str__(self) -> str:
        return f"the outputs differ by {self.error:.1e}"

    @property
    def verdict(self) -> str:
        if self.last is None:
            return f"no layer of the one has a counterpart in the other{self.between}"
        return f"all layers agree up to {self.last.name}; what comes after differs{self.between}"


def first_divergence(
    comparison: Comparison, tolerance: float, training: bool, outputs: float
) -> Divergence | Afterwards:
    """Compare the layers' outputs in the order of their calls; `outputs` is the models' error."""
    traces = comparison.traces(training)
    # A small difference at the end may have begun as a smaller one.
    tolerance = min(tolerance, outputs / 100)
    previous: Couple | None = None
    for couple in comparison.couples(traces):
        error = relative(couple.output(), couple.reference.output)
        if error > tolerance:
            alone = _alone(comparison, couple, training)
            between = _between(traces, previous, couple)
            alike = relative(couple.input(), couple.reference.inputs) <= tolerance
            return Divergence(couple, previous, error, alone, between, training, alike)
        previous = couple
    return Afterwards(previous, outputs, _between(traces, previous, None), training)


def _between(traces: tuple[Trace, Trace], start: Couple | None, end: Couple | None) -> str:
    """What either side is seen to call there: activations, flattens, layers without a partner."""
    texts = []
    for trace, side in zip(traces, ("reference", "port"), strict=True):
        begin = 0 if start is None else _position(trace, getattr(start, side)) + 1
        stop = len(trace.events) if end is None else _position(trace, getattr(end, side))
        texts.append(", ".join(event.label for event in trace.events[begin:stop]) or "nothing seen")
    if texts == ["nothing seen"] * 2:
        return ""
    return f" (reference: {texts[0]}; port: {texts[1]})"


def _position(trace: Trace, event: Event) -> int:
    return next(i for i, e in enumerate(trace.events) if e is event)


def _run(side: Side, event: Event, inputs: Array, training: bool) -> Array:
    output = side.run_layer(event.layer, inputs, training)
    return output if event.tail is None else side.run_layer(event.tail, output, training)


def _alone(comparison: Comparison, couple: Couple, training: bool) -> float | None:
    """The port's layer on the reference's input, both in the same mode."""
    theirs, ours = couple.reference, couple.port
    fed = couple.reference_input()
    if fed.shape != ours.inputs.shape or theirs.layer is None or ours.layer is None:
        return None
    try:
        expected = _run(comparison.reference, theirs, theirs.inputs, training)
        found = _run(comparison.port, ours, fed, training)
    except Exception:  # a layer that cannot be run by itself: the verdict says so
        return None
    theirs, ours = replace(theirs, output=expected), replace(ours, output=found)
    alone = replace(couple, reference=theirs, port=ours)
    return relative(alone.output(), expected)
