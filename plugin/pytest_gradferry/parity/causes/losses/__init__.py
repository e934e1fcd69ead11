"""Why losses of equal outputs differ: a generator of hypotheses for each kind of mistake."""

from __future__ import annotations

from collections.abc import Iterator

from ...compare import Comparison
from ..hypothesis import Hypothesis
from .alone import loss_alone
from .edits import call_pairs
from .formula import arguments_swapped, clipped, huber_threshold, kind
from .labels import broadcast, ignored, label_smoothing
from .logits import logits
from .scale import offset, reduction, scaled, sums
from .terms import terms
from .weights import missing_weights, positive_weight

_OF_CALLS = (
    reduction,
    logits,
    label_smoothing,
    ignored,
    missing_weights,
    positive_weight,
    huber_threshold,
    kind,
    arguments_swapped,
    clipped,
)


def loss_causes(comparison: Comparison) -> Iterator[Hypothesis]:
    """The most telling first; a bare factor, which explains much, comes last."""
    if comparison.losses is None or comparison.losses.named:
        return
    if comparison.recorded:
        yield from loss_alone(comparison)
        return
    yield from broadcast(comparison)
    pairs = call_pairs(comparison)
    for generator in _OF_CALLS:
        for pair in pairs:
            yield from generator(pair)
    if not pairs:
        yield from sums(comparison)
    yield from scaled(comparison)
    yield from terms(comparison)
    yield from offset(comparison)
