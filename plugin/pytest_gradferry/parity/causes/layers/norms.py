"""An instance norm of torch where the reference normalises groups of channels together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from ....frameworks import load
from ...compare import Comparison
from ...sides.side import Side
from ..hypothesis import Hypothesis
from ..localise import Divergence


def instance_norm(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    """Other groups than one a channel are no setting of it: another module has them."""
    theirs, ours = where.couple.reference.layer, where.couple.port
    if ours.row.kind != "groupnorm" or not hasattr(ours.layer, "track_running_stats"):
        return
    groups, channels = theirs.groups, ours.layer.num_features
    if groups == channels:
        return
    yield Hypothesis(
        f"{ours.name} normalises each channel, the reference {groups} groups of channels",
        f"{groups} groups",
        f"GroupNorm({groups}, {channels}) in place of the {type(ours.layer).__name__}: {ours.name}",
        partial(_grouped, comparison.port, ours.layer, groups),
    )


def _grouped(side: Side, layer: Any, groups: int) -> AbstractContextManager[None]:
    group_norm = load("torch").nn.functional.group_norm
    caught: list[Any] = []

    def before(tensor: Any) -> Any:
        caught.append(tensor)
        return tensor

    def after(_: Any) -> Any:
        return group_norm(caught.pop(), groups, layer.weight, layer.bias, layer.eps)

    return side.intercepted(layer, before, after)
