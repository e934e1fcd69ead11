"""Real architectures, each in torch and in Keras. A module has

`torch_model(**size)`, `keras_model(**size)`: the same network; full size by default, `SMALL` for
tests. `batch(rng, **size)`: inputs and targets in torch's layout. `LOSS`: what `parity` takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

NAMES = (
    "small_cnn",
    "resnet18",
    "resnet50",
    "mobilenet_v2",
    "unet",
    "dcgan_generator",
    "dcgan_discriminator",
    "lstm_classifier",
    "gru_classifier",
    "transformer_encoder",
    "gpt",
    "vae",
    "yolo",
    "applications_resnet50",
    "applications_mobilenet_v2",
)


@dataclass(frozen=True)
class Pair:
    """Factories of the two versions at test size, and how they are compared."""

    torch: Callable[[], Any]
    keras: Callable[[], Any]
    batch: Callable[[np.random.Generator], tuple[Any, Any]]
    loss: Any
    tolerance: float


def pair_of(module: ModuleType) -> Pair:
    return Pair(
        partial(module.torch_model, **module.SMALL),
        partial(module.keras_model, **module.SMALL),
        partial(module.batch, **module.SMALL_BATCH),
        module.LOSS,
        getattr(module, "TOLERANCE", 1e-9),
    )


def pair(name: str) -> Pair:
    return pair_of(import_module(f"{__name__}.{name}"))


def keras_layout(value: Any) -> Any:
    """Images with their channels last: what a comparison with Keras as the reference is given."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(keras_layout, value))
    images = value.ndim == 4 and value.dtype.kind == "f"
    return np.moveaxis(value, 1, -1) if images else value
