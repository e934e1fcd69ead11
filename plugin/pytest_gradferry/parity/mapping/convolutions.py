"""Convolutions. Kernels: torch (out, in / groups, *kernel), Keras (*kernel, in / groups, out)."""

from __future__ import annotations

import numpy as np

from .row import STRIDES, Array, Row, Setting, Weight


def _kernel_to_keras(array: Array) -> Array:
    return np.moveaxis(array, (0, 1), (-1, -2))


def _kernel_to_torch(array: Array) -> Array:
    return np.moveaxis(array, (-1, -2), (0, 1))


ROWS: tuple[Row, ...] = tuple(
    Row(
        f"conv{d}d",
        (f"Conv{d}d",),
        (f"Conv{d}D",),
        (Weight("weight", "kernel", _kernel_to_keras, _kernel_to_torch), Weight("bias", "bias")),
        (
            STRIDES,
            Setting("dilation_rate", "dilation", "dilation_rate"),
            Setting("groups", "groups", "groups"),
        ),
        channels=True,
    )
    for d in (1, 2, 3)
)
