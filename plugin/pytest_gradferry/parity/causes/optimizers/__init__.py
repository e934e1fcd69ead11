"""Why the users' two optimizers move the weights differently."""

from __future__ import annotations

from collections.abc import Iterator

from ...compare import Comparison
from ..hypothesis import Hypothesis
from .accumulation import accumulation
from .decay import weight_decay
from .extras import average, clipping
from .numbers import kind, numbers
from .rates import cycled, group_rates, rates


def optimizer_causes(comparison: Comparison) -> Iterator[Hypothesis]:
    if comparison.optimizers.named:
        return
    yield from kind(comparison)
    yield from rates(comparison)
    yield from numbers(comparison)
    yield from cycled(comparison)
    yield from weight_decay(comparison)
    yield from clipping(comparison)
    yield from group_rates(comparison)
    yield from accumulation(comparison)
    yield from average(comparison)
