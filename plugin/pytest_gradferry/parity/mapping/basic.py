"""Layers without axes of their own: dense, embedding, dropout, flatten, activations."""

from __future__ import annotations

import numpy as np

from .row import RATE, Array, Row, Weight


def _transpose(array: Array) -> Array:
    return np.transpose(array)


def _slopes(array: Array) -> Array:
    """One slope or one a channel, (1, 1, C) or (C, 1, 1), as (C,), for torch knows no other.

    Slopes of each position keep their shape, and then fit nothing.
    """
    return array.reshape(-1) if sum(n > 1 for n in array.shape) < 2 else array


ROWS: tuple[Row, ...] = (
    Row(
        "dense",
        ("Linear",),
        ("Dense",),
        (Weight("weight", "kernel", _transpose, _transpose), Weight("bias", "bias")),
    ),
    Row("embedding", ("Embedding",), ("Embedding",), (Weight("weight", "embeddings"),)),
    Row(
        "prelu",
        ("PReLU",),
        ("PReLU",),
        (Weight("weight", "alpha", to_torch=_slopes),),
        channels=True,
    ),
    Row("dropout", ("Dropout",), ("Dropout",), (), (RATE,), anchor=False),
    *(
        Row(
            "spatialdropout", (f"Dropout{d}d",), (f"SpatialDropout{d}D",), (), (RATE,), anchor=False
        )
        for d in (1, 2, 3)
    ),
    Row("flatten", ("Flatten",), ("Flatten", "Reshape"), anchor=False),
    Row(
        "activation",
        (
            *("ReLU", "ReLU6", "LeakyReLU", "ELU", "CELU", "SELU", "GELU", "SiLU"),
            *("Mish", "Softplus", "Softsign", "Sigmoid", "Tanh", "Hardsigmoid", "Hardswish"),
            *("Softmax", "LogSoftmax", "LogSigmoid", "Hardtanh"),
        ),
        ("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"),
        anchor=False,
    ),
)
