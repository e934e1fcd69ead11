"""Every operation on tensors that a model's call makes, functional ones too: recorded, repeated on
other tensors, replaced. Only a comparison that has failed records them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...sides.side import Side
from .stream import Operation, Site, Stream, Value

__all__ = ["Operation", "Site", "Stream", "Value", "engine_of", "record"]


def record(side: Side, inputs: Any, training: bool) -> Stream | None:
    """One forward pass of the model; None where its framework's operations cannot be seen."""
    engine = engine_of(side)
    return None if engine is None else engine.record(side, inputs, training)


def engine_of(side: Side) -> Any:
    """By the tensors it computes with: Keras may run on torch."""
    home = type(side.tensor(np.zeros(1))).__module__.partition(".")[0]
    if home == "torch":
        from . import torch_engine

        return torch_engine
    if home == "tensorflow":
        from . import tensorflow_engine

        return tensorflow_engine
    return None
