"""The parameter groups of torch's optimizers: what they hold, and at what rates."""

from __future__ import annotations

from typing import Any


def held(optimizer: Any) -> list[Any]:
    """The tensors of all its groups."""
    return [tensor for group in optimizer.param_groups for tensor in group["params"]]


def rates(optimizer: Any, key: str = "lr") -> list[float]:
    """One a group, of those that have one; by "initial_lr", what a schedule began with."""
    return [float(group[key]) for group in optimizer.param_groups if key in group]


def scale_rates(optimizer: Any, factor: float) -> None:
    for group in optimizer.param_groups:
        if "lr" in group:
            group["lr"] = group["lr"] * factor
