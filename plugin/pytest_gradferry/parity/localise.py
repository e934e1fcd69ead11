"""The first layer whose output differs, and whether the layer itself is to blame."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .compare import Comparison, relative
from .pairing import Couple


@dataclass(frozen=True)
class Divergence:
    """`error` is that of the outputs; `fed` of the inputs; `alone` of the port's layer run on the
    reference's own input, None where it could not be."""

    couple: Couple
    previous: Couple | None
    error: float
    fed: float
    alone: float | None

    def __str__(self) -> str:
        a, b = self.couple.reference, self.couple.port
        text = (
            f"{a.name} ({type(a.layer).__name__}) / {b.name} ({type(b.layer).__name__}): "
            f"outputs differ by {self.error:.1e}"
        )
        if self.alone is not None:
            text += f", and by {self.alone:.1e} when the port's is fed the reference's input"
        return text

    @property
    def verdict(self) -> str:
        if self.alone is None:
            return "it could not be run alone: the inputs of the two have different shapes"
        if self.alone > self.error / 100:
            return "the layer itself differs: its settings or its weights"
        before = f"between {self.previous.name} and it" if self.previous else "before it"
        return f"the layer is right; what {before} happens to its input differs"


@dataclass(frozen=True)
class Afterwards:
    """Every layer agrees, the model's outputs do not."""

    last: Couple | None
    error: float

    def __str__(self) -> str:
        where = (
            f"after {self.last.name}, the last layer" if self.last else "outside any known layer"
        )
        return f"all layers agree; the outputs differ by {self.error:.1e} {where}"

    @property
    def verdict(self) -> str:
        return "what happens to the output behind the last layer differs"


def first_divergence(
    comparison: Comparison, tolerance: float, training: bool, outputs: float
) -> Divergence | Afterwards:
    """Compare the layers' outputs in the order of their calls; `outputs` is the models' error."""
    couples = comparison.couples(comparison.traces(training))
    # A small difference at the end may have begun as a smaller one.
    tolerance = min(tolerance, outputs / 100)
    previous: Couple | None = None
    for couple in couples:
        error = relative(couple.output(), couple.reference.output)
        if error > tolerance:
            fed = relative(couple.input(), couple.reference.inputs)
            return Divergence(couple, previous, error, fed, _alone(comparison, couple))
        previous = couple
    return Afterwards(previous, outputs)


def _alone(comparison: Comparison, couple: Couple) -> float | None:
    """The port's layer on the reference's input, in evaluation mode on both sides."""
    theirs, ours = couple.reference, couple.port
    fed = couple.reference_input()
    if fed.shape != ours.inputs.shape or theirs.layer is None or ours.layer is None:
        return None
    try:
        expected = comparison.reference.run_layer(theirs.layer, theirs.inputs)
        found = comparison.port.run_layer(ours.layer, fed)
    except Exception:  # a layer that cannot be run by itself: the verdict says so
        return None
    alone = Couple(replace(theirs, output=expected), replace(ours, output=found), couple.order)
    return relative(alone.output(), expected)
