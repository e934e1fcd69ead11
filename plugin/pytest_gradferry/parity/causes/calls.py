"""How a layer is called: a dropout that never rests, a batch norm in a mode or over an axis of its
own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from ...wording import listed
from ..compare import Comparison
from ..sides.side import Side
from .hypothesis import Hypothesis
from .localise import Divergence

_RESTING = {
    "torch": ("pass training=self.training to it", "XFR310"),
    "keras": ("drop only if training, or leave training=True out", "XFR311"),
}


def always_on(comparison: Comparison) -> Iterator[Hypothesis]:
    """Dropout that acts in evaluation, on one side alone."""
    for side, role in ((comparison.port, "port"), (comparison.reference, "reference")):
        if side.dropout_in_evaluation:
            fix, rule = _RESTING[side.framework]
            yield Hypothesis(
                f"{listed(side.acting)} of the {role} drops in evaluation too",
                "dropout off there",
                fix,
                partial(_resting, comparison, side),
                rule,
            )


@contextmanager
def _resting(comparison: Comparison, side: Side) -> Iterator[None]:
    side.dropout_in_evaluation = False
    comparison.forget()
    try:
        yield
    finally:
        side.dropout_in_evaluation = True
        comparison.forget()


def batch_norm(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    layer, name, side = where.couple.port.layer, where.couple.port.name, comparison.port
    if where.couple.port.row.kind != "batchnorm" or layer is None:
        return
    if (told := side.strays.get(id(layer))) is not None and told != where.training:
        keras = side.framework == "keras"
        yield Hypothesis(
            f"{name} runs with training={told} while the model "
            f"{'trains' if where.training else 'evaluates'}",
            "the model's mode",
            f"{name}(x, training=training)" if keras else f"leave {name} in the model's mode",
            lambda: _recalled(side, layer),
        )
    elif not where.training and told is None and _by_batch(comparison.reference, where):
        keras = side.framework == "keras"
        yield Hypothesis(
            f"{name} normalises by its own statistics in evaluation, the reference by each batch",
            "the batch's statistics",
            f"{name}(x, training=True)" if keras else f"track_running_stats=False: {name}",
            lambda: _trained(side, layer),
        )
    rank = where.couple.port.inputs.ndim
    if side.framework == "keras" and layer.axis == 1 and rank > 2 and where.couple.moves:
        yield Hypothesis(
            f"{name} normalises axis 1, and the channels stand last",
            "axis=-1",
            f"BatchNormalization(..., axis=-1), with data in (N, ..., C): {name}",
            lambda: _over_last_axis(layer, rank),
        )


def _by_batch(reference: Side, where: Divergence) -> bool:
    """The reference's batch norm keeps no statistics, or is told to train always."""
    layer = where.couple.reference.layer
    keeps = getattr(layer, "track_running_stats", True)
    return not keeps or reference.strays.get(id(layer), False)


@contextmanager
def _trained(side: Side, layer: Any) -> Iterator[None]:
    side.by_batch.add(id(layer))
    try:
        yield
    finally:
        side.by_batch.discard(id(layer))


@contextmanager
def _recalled(side: Side, layer: Any) -> Iterator[None]:
    side.recalled.add(id(layer))
    try:
        yield
    finally:
        side.recalled.discard(id(layer))


@contextmanager
def _over_last_axis(layer: Any, rank: int) -> Iterator[None]:
    saved = {name: layer.__dict__[name] for name in ("axis", "_reduction_axes")}
    layer.__dict__.update(axis=-1, _reduction_axes=list(range(rank - 1)))
    try:
        yield
    finally:
        layer.__dict__.update(saved)
