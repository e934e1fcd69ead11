"""What the generators share: both optimizers as they stand, and changing one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...compare import Comparison
from ...training.optimizers import Fix
from ...training.steppers import KerasStepper, TorchStepper


def both(comparison: Comparison) -> tuple[TorchStepper, KerasStepper]:
    """torch's and Keras', as made and fixed so far."""
    return comparison.optimizers.bare("torch"), comparison.optimizers.bare("keras")


@contextmanager
def fixed(
    comparison: Comparison, framework: str, fix: Fix, of_both: bool = False
) -> Iterator[None]:
    """`of_both`: what is known to differ between the two (see `explained`) changes with it."""
    anew = of_both or framework == comparison.reference.framework
    with comparison.optimizers.fixed(framework, fix):
        if anew:
            comparison.retrain()
        yield
    if anew:
        comparison.retrain()
