"""Activations at one place of both models that agree on the batch, and not beyond it.

ReLU and ReLU6 are the same until a value exceeds 6, and two slopes until one is negative.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .activation_calls import Applied, applied
from .causes.activations import Activation, recognise
from .compare import Comparison, relative
from .layout import Array
from .sides.side import Side, Trace

_GRID = np.linspace(-24.0, 24.0, 768)  # between the kinks, which lie at whole numbers
_SAME = 1e-6  # TensorFlow computes some of them with float32 constants
_BOUNDS = {"float64": _SAME, "float32": 1e-4}


@dataclass(frozen=True)
class OtherActivation:
    """The port's activation `name` does what `ours` says, the reference's what `theirs` does."""

    name: str
    ours: str
    theirs: str
    at: tuple[float, float, float]  # an input, what the port makes of it, what the reference does
    error: float
    mended: float | None  # with the reference's activation, where that is recognised
    fix: str

    @property
    def what(self) -> str:
        x, ours, theirs = self.at
        return (
            f"{self.ours}, reference {self.theirs}: of {x:.3g} it makes {ours:.3g}, the reference "
            f"{theirs:.3g}"
        )


def other_activations(comparison: Comparison, traces: tuple[Trace, Trace]) -> list[OtherActivation]:
    """`traces` are of both models in evaluation, with the weights they are compared with."""
    reference, port = comparison.reference, comparison.port
    theirs = applied(reference, traces[0], comparison.inputs)
    ours = applied(port, traces[1], comparison.port_inputs)
    found = []
    for a, b in _at_one_place(theirs, ours):
        if any(_agree(c.output, a.inputs) and not _alike(c, a) for c in (*theirs, *ours)):
            continue  # what one activation has bounded, another may pass as it is
        try:
            expected, values = _values(reference, a), _values(port, b)
        except Exception:  # a function of the user's own that takes no such input
            continue
        if (error := relative(values, expected)) > _BOUNDS[port.dtype]:
            found.append(_difference(port, reference, (a, b), (expected, values), error))
    return found


def _agree(a: Array, b: Array) -> bool:
    return relative(a, b) < _SAME


def _alike(a: Applied, b: Applied) -> bool:
    """They are fed the same values and give the same."""
    return _agree(a.inputs, b.inputs) and _agree(a.output, b.output)


def _at_one_place(theirs: list[Applied], ours: list[Applied]) -> Iterator[tuple[Applied, Applied]]:
    """Calls that are alike, where there are as many on either side."""
    rest = list(theirs)
    while rest:
        first = rest[0]
        group = [a for a in rest if _alike(a, first)]
        rest = [a for a in rest if not _alike(a, first)]
        partners = [b for b in ours if _alike(b, first)]
        if len(partners) == len(group):
            yield from zip(group, partners, strict=True)


def _values(side: Side, call: Applied) -> Array:
    """What the activation makes of the grid."""
    grid = side.tensor(_GRID.reshape(-1, *(1,) * (call.rank - 1)))
    return np.array(side.array(call.function(grid))).reshape(-1)


def _difference(
    port: Side,
    reference: Side,
    calls: tuple[Applied, Applied],
    values: tuple[Array, Array],
    error: float,
) -> OtherActivation:
    (a, b), (expected, found) = calls, values
    theirs, ours = (
        recognise(_GRID, made, side.framework)
        for made, side in ((expected, reference), (found, port))
    )
    worst = int(np.argmax(np.abs(found - expected)))
    mended, fix = None, f"the reference's {a.name} in its place"
    if theirs is not None:
        mended = relative(_natively(port, theirs), expected)
        advice = theirs.argument if b.name.startswith("activation of") else ""
        fix = f"activation={advice}" if advice else theirs.advice(port.framework)
    return OtherActivation(
        b.name,
        b.name if ours is None else ours.name,
        a.name if theirs is None else theirs.name,
        (float(_GRID[worst]), float(found[worst]), float(expected[worst])),
        error,
        mended,
        fix,
    )


def _natively(side: Side, activation: Activation) -> Array:
    return np.array(side.array(activation.native(side.framework)(side.tensor(_GRID))))
