"""Layers without axes of their own: dense, embedding, dropout, flatten, activations."""

from __future__ import annotations

import numpy as np

from .row import RATE, Array, Row, Weight


def _transpose(array: Array) -> Array:
    return np.transpose(array)


ROWS: tuple[Row, ...] = (
    Row(
        "dense",
        ("Linear",),
        ("Dense",),
        (Weight("weight", "kernel", _transpose, _transpose), Weight("bias", "bias")),
    ),
    Row("embedding", ("Embedding",), ("Embedding",), (Weight("weight", "embeddings"),)),
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
