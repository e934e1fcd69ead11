"""Activations in both frameworks, and recognising which one stands between two layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...frameworks import available, loaded
from ..compare import relative
from ..layout import Array

# TensorFlow computes GELU and a few others with float32 constants: equal to 1e-8 at best.
_RECOGNISED = 1e-6


@dataclass(frozen=True)
class Activation:
    """`torch` and `keras` take a tensor; `advice` is how to write it in either, `argument` as the
    `activation=` of a Keras layer."""

    name: str
    torch: Callable[[Any], Any]
    keras: Callable[[Any], Any]
    in_torch: str
    in_keras: str

    @property
    def nothing(self) -> bool:
        return self.name == "no activation"

    @property
    def argument(self) -> str:
        return "None" if self.nothing else self.in_keras

    def native(self, framework: str) -> Callable[[Any], Any]:
        return self.torch if framework == "torch" else self.keras

    def of_array(self, array: Array, channels: int) -> Array:
        """`channels` is the axis that a softmax is taken over."""
        if "softmax" in self.name:
            with np.errstate(all="ignore"):  # of infinities, as the frameworks do
                shifted = array - array.max(channels, keepdims=True)
                log: Array = shifted - np.log(np.exp(shifted).sum(channels, keepdims=True))
                return np.exp(log) if self.name == "softmax" else log
        exact = np.ascontiguousarray(array, dtype=np.float64)
        if (torch := loaded("torch")) is not None:
            return np.array(self.torch(torch.from_numpy(exact)).numpy())
        ops = available("keras.ops")
        return np.array(ops.convert_to_numpy(self.keras(ops.convert_to_tensor(exact))))

    def advice(self, framework: str) -> str:
        if framework == "torch":
            return self.in_torch
        return f"Activation({self.in_keras})" if self.in_keras[0] == '"' else self.in_keras


def catalogue() -> list[Activation]:
    torch, F = available("torch"), available("torch.nn.functional")
    ops, activations = available("keras.ops"), available("keras.activations")

    def softmax_axis(x: Any) -> int:
        return 1 if x.ndim > 3 else -1

    none = Activation("no activation", lambda x: x, lambda x: x, "no activation", "no activation")
    return [
        none,
        Activation("relu", F.relu, ops.relu, "nn.ReLU()", '"relu"'),
        Activation(
            "gelu (erf)",
            F.gelu,
            lambda x: ops.gelu(x, approximate=False),
            "nn.GELU()",
            "lambda x: keras.activations.gelu(x, approximate=False)",
        ),
        Activation(
            "gelu (tanh approximation)",
            lambda x: F.gelu(x, approximate="tanh"),
            lambda x: ops.gelu(x, approximate=True),
            'nn.GELU(approximate="tanh")',
            "lambda x: keras.activations.gelu(x, approximate=True)",
        ),
        Activation("tanh", torch.tanh, ops.tanh, "nn.Tanh()", '"tanh"'),
        Activation("sigmoid", torch.sigmoid, ops.sigmoid, "nn.Sigmoid()", '"sigmoid"'),
        Activation("silu", F.silu, ops.silu, "nn.SiLU()", '"silu"'),
        Activation("elu", F.elu, ops.elu, "nn.ELU()", '"elu"'),
        Activation("selu", F.selu, ops.selu, "nn.SELU()", '"selu"'),
        Activation("relu6", F.relu6, ops.relu6, "nn.ReLU6()", '"relu6"'),
        Activation("softplus", F.softplus, ops.softplus, "nn.Softplus()", '"softplus"'),
        Activation(
            "hardsigmoid",
            F.hardsigmoid,
            ops.hard_sigmoid,
            "nn.Hardsigmoid()",
            '"hard_sigmoid"',
        ),
        Activation("hardswish", F.hardswish, ops.hard_silu, "nn.Hardswish()", '"hard_silu"'),
        Activation("mish", F.mish, activations.mish, "nn.Mish()", '"mish"'),
        Activation(
            "softmax",
            lambda x: torch.softmax(x, softmax_axis(x)),
            lambda x: ops.softmax(x, axis=-1),
            "nn.Softmax(dim=1)",
            '"softmax"',
        ),
        Activation(
            "log_softmax",
            lambda x: torch.log_softmax(x, softmax_axis(x)),
            lambda x: ops.log_softmax(x, axis=-1),
            "nn.LogSoftmax(dim=1)",
            '"log_softmax"',
        ),
    ]


def leaky_relu(slope: float) -> Activation:
    F, ops = available("torch.nn.functional"), available("keras.ops")

    return Activation(
        f"leaky_relu (slope {slope:g})",
        lambda x: F.leaky_relu(x, slope),
        lambda x: ops.leaky_relu(x, slope),
        f"nn.LeakyReLU({slope:g})",
        f"keras.layers.LeakyReLU(negative_slope={slope:g})",
    )


def recognise(before: Array, after: Array, framework: str) -> Activation | None:
    """The activation that makes `after` of `before`, reshaped at most; None if none known does.

    A mean over the positions may follow: (N, C) of `before` with more axes.
    """
    if before.dtype.kind != "f" or before.shape[0] != after.shape[0]:
        return None
    positions = tuple(range(2, before.ndim) if framework == "torch" else range(1, before.ndim - 1))
    pooled = before.size != after.size
    if pooled and (not positions or before.mean(positions).shape != after.shape):
        return None
    candidates = catalogue()
    negative = before.ravel() < 0
    if negative.any() and not pooled:
        ratios = after.ravel()[negative] / before.ravel()[negative]
        slope = float(np.median(ratios))
        if 0 < slope < 1:
            candidates.append(leaky_relu(float(f"{slope:.6g}")))
    channels = 1 if framework == "torch" and before.ndim > 3 else -1
    for candidate in candidates:
        y = candidate.of_array(before, channels)
        found = y.mean(positions) if pooled else y.reshape(after.shape)
        if relative(found, after) < _RECOGNISED:
            return candidate
    return None
