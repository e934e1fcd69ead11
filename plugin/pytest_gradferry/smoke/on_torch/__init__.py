"""Torch models as trainees."""

from __future__ import annotations

from typing import Any


def trainee_class(model: Any) -> type[Any]:
    """The class of trainee for a torch module: Lightning's have one of their own."""
    from .lightning import LightningTrainee
    from .lightning_loop import package_of
    from .trainee import TorchTrainee

    return TorchTrainee if package_of(model) is None else LightningTrainee
