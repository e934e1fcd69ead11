"""Every operation on tensors that a model's call makes, functional ones too: recorded, repeated on
other tensors, replaced. Only a comparison that has failed records them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from ...sides.side import Side
from .stream import Operation, Site, Stream, Value, around_calls, recorded

__all__ = ["Operation", "Site", "Stream", "Value", "caught", "engine_of", "record", "replaced"]


def record(side: Side, inputs: Any, training: bool) -> Stream | None:
    """One forward pass of the model; None where its framework's operations cannot be seen."""
    engine = engine_of(side)
    if engine is None:
        return None
    stream = Stream()
    with around_calls(side, engine.Recorder(side, stream).listening):
        return recorded(side, stream, inputs, training)


def replaced(
    side: Side, target: Value, sources: list[Value], function: Callable[..., Any]
) -> AbstractContextManager[None]:
    """In each call of the model the target is `function` of itself and of the sources."""
    return around_calls(side, engine_of(side).Replacer(side, target, sources, function).listening)


@contextmanager
def caught(side: Side, sources: list[Value]) -> Iterator[Callable[[], list[Any]]]:
    """The sources as the model's call that is running has made them."""
    replacer = engine_of(side).Replacer(side, None, sources)
    with around_calls(side, replacer.listening):
        yield lambda: [replacer.caught[address] for address in replacer.sources]


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
