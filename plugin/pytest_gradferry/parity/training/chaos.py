"""Training that makes large differences of rounding errors, in the reference itself already.

Batch norm over a few values, or a rate at which the weights explode, multiplies an error of 1e-12
by millions within some steps. What a right port can be held to is what the reference makes of a
perturbation of that size.
"""

from __future__ import annotations

import numpy as np

from .. import tree
from ..compare import Comparison, Measure, relative

# Two frameworks' gradients of a deep net differ by so much, relative to the largest.
_ROUNDING = 1e-12
# What a port may differ by, in terms of what the reference makes of that.
_MARGIN = 100.0
_SLOWEST = 1e-5  # of the named optimizers' rates


def amplified(comparison: Comparison, rung: str) -> float:
    """The rung's difference between the reference and the reference with perturbed weights."""
    side = comparison.reference
    exact = comparison.trained_anew(side)
    generator = np.random.default_rng(0)
    with side.unchanged():
        for weight in comparison.trained_weights():
            value = side.get(weight.reference)
            noise = generator.uniform(-_ROUNDING, _ROUNDING, value.shape)
            side.set(weight.reference, value * (1 + noise))
        perturbed = comparison.trained_anew(side)
    if rung == "curve":
        return relative(np.array(perturbed.losses), np.array(exact.losses))
    pairs = zip(tree.leaves(perturbed.outputs), tree.leaves(exact.outputs), strict=True)
    return max((relative(a, b) for a, b in pairs), default=0.0)


def steadied(comparison: Comparison, rung: str, bound: float) -> tuple[Measure, float]:
    """The rung and its bound. Where rounding explains what is above it: with a smaller rate or, as
    the optimizers are the user's own, with the bound that rounding allows."""
    optimizers = comparison.optimizers
    measure = comparison.measure(rung)
    if comparison.recorded:  # at the rate that was recorded
        return measure, bound
    while measure.error > bound and rung in ("curve", "eval-after"):
        allowed = _MARGIN * amplified(comparison, rung)
        if measure.error > allowed:
            break
        if not optimizers.named or optimizers.slower < _SLOWEST:
            measure.explained = "in the reference alone, rounding grows as much"
            return measure, allowed
        optimizers.slower /= 16
        comparison.forget()
        measure = comparison.measure(rung)
    return measure, bound
