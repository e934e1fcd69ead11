"""The same two models with other weights.

A batch on which every unit of a ReLU is dead, or a block that starts at a scale of zero, hides what
stands before it. A right port is equal to its reference whatever the weights are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from . import tree
from .compare import Comparison

_DRAWS = 4  # each revives about half of the units


@contextmanager
def redrawn(comparison: Comparison, seed: int) -> Iterator[None]:
    """Each weight with a sign drawn at random, what is all zeros with values of its own; both sides
    have them, and get theirs back."""
    reference, port = comparison.reference, comparison.port
    generator = np.random.default_rng(seed)
    try:
        with reference.unchanged(), port.unchanged():
            weights = comparison.trained_weights()
            for w in weights:
                value = reference.get(w.reference)
                sizes = value if value.any() else generator.uniform(0.1, 1.0, value.shape)
                reference.set(w.reference, sizes * generator.choice((-1.0, 1.0), value.shape))
            for w in weights:
                port.set(w.port, w.to_port(reference.get(w.reference)))
            comparison.forget()
            yield
    finally:
        comparison.forget()


def revealing(comparison: Comparison, bound: float) -> int | None:
    """A seed with whose weights the outputs differ by more than `bound`; None if none shows it."""
    for seed in range(_DRAWS):
        with redrawn(comparison, seed):
            finite = all(np.isfinite(a).all() for a in tree.leaves(comparison.reference_outputs()))
            if finite and comparison.forward_eval().error > bound:
                return seed
    return None
