"""symmetry: the units of a layer learn different things."""

from __future__ import annotations

import numpy as np

from ...frameworks import Array
from ...wording import listed
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, passed, skipped
from . import Check
from . import failed as has_failed

_TOLERANCE = 1e-6  # of the largest value


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    curve, trainee = evidence.curve, evidence.trainee
    alike = [
        weight.name
        for weight in trainee.weights.values()
        if weight.trainable
        and (weight.name in evidence.reached or not curve.before[weight.name].any())
        and _units_alike(trainee.units(weight.name, curve.before[weight.name]))
        and _units_alike(trainee.units(weight.name, curve.after[weight.name]))
    ]
    if not alike:
        return passed()
    zero = not any(curve.before[name].any() for name in alike)
    return failed(
        Finding(
            f"all units of {listed(alike)} are the same, before {len(curve.losses)} steps and "
            "after: each layer is worth one unit",
            cause=f"its weights all start as {'0' if zero else 'one value'}, so that all its units "
            "get one gradient",
            fix="start from random weights, e.g. the layer's default initialisation; constants "
            "are for biases and scales",
        )
    )


def _units_alike(units: Array | None) -> bool:
    """Whether the rows, one a unit, are all the same."""
    if units is None or units.shape[0] < 2 or units.shape[1] < 2:
        return False
    spread = np.abs(units - units[:1]).max()
    return bool(spread <= _TOLERANCE * np.abs(units).max(initial=0))


CHECK = Check("symmetry", order=45, run=run)
