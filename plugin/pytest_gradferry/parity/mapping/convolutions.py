"""Convolutions. Kernels: torch (out, in / groups, *kernel), Keras (*kernel, in / groups, out);
transposed, torch (in, out / groups, *kernel) and Keras (*kernel, out, in): the same moves.

A Keras SeparableConv is no row: it runs as the two layers it is made of (see `parts`).
"""

from __future__ import annotations

import numpy as np

from .row import STRIDES, Array, Row, Setting, Weight


def _kernel_to_keras(array: Array) -> Array:
    return np.moveaxis(array, (0, 1), (-1, -2))


def _kernel_to_torch(array: Array) -> Array:
    return np.moveaxis(array, (-1, -2), (0, 1))


def _depthwise_to_keras(array: Array) -> Array:
    """(C * m, 1, *k) as (*k, C * m, 1), which (*k, C, m) regroups: channel c * m + j in both."""
    return np.moveaxis(array, (0, 1), (-2, -1))


def _depthwise_to_torch(array: Array) -> Array:
    moved = np.moveaxis(array, (-2, -1), (0, 1))
    return moved.reshape(-1, 1, *moved.shape[2:])


_KERNEL = Weight("weight", "kernel", _kernel_to_keras, _kernel_to_torch)
_DEPTHWISE = Weight("weight", "kernel", _depthwise_to_keras, _depthwise_to_torch)
_BIAS = Weight("bias", "bias")
_DILATION = Setting("dilation_rate", "dilation", "dilation_rate")
_GROUPS = Setting("groups", "groups", "groups")


def _of(d: int) -> tuple[Row, ...]:
    return (
        Row(
            f"conv{d}d",
            (f"Conv{d}d",),
            (f"Conv{d}D",),
            (_KERNEL, _BIAS),
            (STRIDES, _DILATION, _GROUPS),
            channels=True,
        ),
        Row(
            f"transposedconv{d}d",
            (f"ConvTranspose{d}d",),
            (f"Conv{d}DTranspose",),
            (_KERNEL, _BIAS),
            (STRIDES, _DILATION),
            channels=True,
        ),
    )


def _depthwise(d: int) -> Row:
    """What torch writes as a convolution with as many groups as channels."""
    settings = (STRIDES, _DILATION)
    keras = (f"DepthwiseConv{d}D",)
    return Row(f"conv{d}d", (), keras, (_DEPTHWISE, _BIAS), settings, channels=True)


ROWS: tuple[Row, ...] = (
    *(row for d in (1, 2, 3) for row in _of(d)),
    *(_depthwise(d) for d in (1, 2)),
)
