"""What the generators share: both optimizers as they stand, and changing one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..compare import Comparison
from ..optimizers import Fix
from ..steppers import KerasStepper, TorchStepper


def both(comparison: Comparison) -> tuple[TorchStepper, KerasStepper]:
    """torch's and Keras', as made and fixed so far."""
    return comparison.optimizers.bare("torch"), comparison.optimizers.bare("keras")


@contextmanager
def fixed(comparison: Comparison, framework: str, fix: Fix) -> Iterator[None]:
    """On the reference's side everything that trained it runs anew."""
    of_reference = framework == comparison.reference.framework
    with comparison.optimizers.fixed(framework, fix):
        if of_reference:
            comparison.retrain()
        yield
    if of_reference:
        comparison.retrain()
