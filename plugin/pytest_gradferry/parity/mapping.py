"""One table: which torch module is which Keras layer, and how weights and settings correspond.

A new pair of layers is a new `Row`; nothing else has to know about it. The transpositions and the
conventions were measured (forward and gradients equal to 1e-15 in float64).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Weight:
    """A torch parameter or buffer, the Keras variable it is, and the transposition each way."""

    torch: str
    keras: str
    to_keras: Callable[[Array], Array] = _same
    to_torch: Callable[[Array], Array] = _same


@dataclass(frozen=True)
class Setting:
    """A hyperparameter of a layer under both names; `convert` takes it from Keras' convention to
    torch's and, being its own inverse, back."""

    name: str
    torch: str
    keras: str
    convert: Callable[[Any], Any] = _same
    rule: str | None = None

    def attribute(self, framework: str) -> str:
        return self.torch if framework == "torch" else self.keras

    def read(self, framework: str, layer: Any) -> Any:
        """The value in `framework`'s own convention; (2, 2) and 2 are the same."""
        value = getattr(layer, self.attribute(framework), None)
        if isinstance(value, (tuple, list)):
            return value[0] if len(set(value)) == 1 else tuple(value)
        return value

    def expected(self, framework: str, other_layer: Any) -> Any:
        """What `framework`'s layer must have to do what its counterpart `other_layer` does."""
        other = "keras" if framework == "torch" else "torch"
        value = self.read(other, other_layer)
        return None if value is None else self.convert(value)

    def write(self, framework: str, layer: Any, value: Any) -> None:
        attribute = self.attribute(framework)
        current = getattr(layer, attribute)
        if isinstance(current, (tuple, list)) and not isinstance(value, (tuple, list)):
            value = (value,) * len(current)
        # Past the frameworks' own attribute tracking: the old value comes back the same way.
        layer.__dict__[attribute] = value


def equal(ours: Any, expected: Any) -> bool:
    """Settings agree: exactly, but for the rounding of `1 - momentum`."""
    if isinstance(ours, (int, float)) and isinstance(expected, (int, float)):
        return math.isclose(ours, expected, rel_tol=1e-9, abs_tol=1e-15)
    return bool(ours == expected)


@dataclass(frozen=True)
class Row:
    """A pair of layer types.

    `channels`: inputs and outputs have a channel axis that stands second in torch, last in Keras.
    `anchor`: outputs of the two are comparable, so the first divergence may be named after it.
    """

    kind: str
    torch: tuple[str, ...]
    keras: tuple[str, ...]
    weights: tuple[Weight, ...] = ()
    settings: tuple[Setting, ...] = ()
    channels: bool = False
    anchor: bool = True


def _transpose(array: Array) -> Array:
    return np.transpose(array)


def _kernel_to_keras(array: Array) -> Array:
    """(out, in / groups, *kernel) as (*kernel, in / groups, out)."""
    return np.moveaxis(array, (0, 1), (-1, -2))


def _kernel_to_torch(array: Array) -> Array:
    return np.moveaxis(array, (-1, -2), (0, 1))


def _norm_to_keras(array: Array) -> Array:
    """A LayerNorm over (C, H, W) is one over the axes (H, W, C)."""
    return np.moveaxis(array, 0, -1) if array.ndim > 2 else array


def _norm_to_torch(array: Array) -> Array:
    return np.moveaxis(array, -1, 0) if array.ndim > 2 else array


def _complement(momentum: float) -> float:
    """torch's momentum is the share of the new statistic, Keras' that of the old one."""
    return round(1.0 - momentum, 15)


_EPSILON = Setting("epsilon", "eps", "epsilon")
_STRIDES = Setting("strides", "stride", "strides")
_AFFINE = (Weight("weight", "gamma"), Weight("bias", "beta"))
_RATE = Setting("rate", "p", "rate", rule="XFR307")
_DIMENSIONS = (1, 2, 3)


def _per_dimension(d: int) -> tuple[Row, ...]:
    pool = (Setting("pool_size", "kernel_size", "pool_size"), _STRIDES)
    return (
        Row(
            f"conv{d}d",
            (f"Conv{d}d",),
            (f"Conv{d}D",),
            (
                Weight("weight", "kernel", _kernel_to_keras, _kernel_to_torch),
                Weight("bias", "bias"),
            ),
            (
                _STRIDES,
                Setting("dilation_rate", "dilation", "dilation_rate"),
                Setting("groups", "groups", "groups"),
            ),
            channels=True,
        ),
        Row(f"maxpool{d}d", (f"MaxPool{d}d",), (f"MaxPooling{d}D",), (), pool, channels=True),
        Row(f"avgpool{d}d", (f"AvgPool{d}d",), (f"AveragePooling{d}D",), (), pool, channels=True),
        Row(
            f"globalavgpool{d}d",
            (f"AdaptiveAvgPool{d}d",),
            (f"GlobalAveragePooling{d}D",),
            channels=True,
        ),
        Row(
            f"globalmaxpool{d}d",
            (f"AdaptiveMaxPool{d}d",),
            (f"GlobalMaxPooling{d}D",),
            channels=True,
        ),
        Row(
            "pad",
            (f"ZeroPad{d}d", f"ConstantPad{d}d"),
            (f"ZeroPadding{d}D",),
            channels=True,
            anchor=False,
        ),
        Row(
            "spatialdropout",
            (f"Dropout{d}d",) if d > 1 else ("Dropout1d",),
            (f"SpatialDropout{d}D",),
            (),
            (_RATE,),
            anchor=False,
        ),
    )


ROWS: tuple[Row, ...] = (
    Row(
        "dense",
        ("Linear",),
        ("Dense",),
        (Weight("weight", "kernel", _transpose, _transpose), Weight("bias", "bias")),
    ),
    Row(
        "batchnorm",
        ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"),
        ("BatchNormalization",),
        (
            *_AFFINE,
            Weight("running_mean", "moving_mean"),
            Weight("running_var", "moving_variance"),
        ),
        (_EPSILON, Setting("momentum", "momentum", "momentum", _complement, rule="XFR420")),
        channels=True,
    ),
    Row(
        "layernorm",
        ("LayerNorm",),
        ("LayerNormalization",),
        (
            Weight("weight", "gamma", _norm_to_keras, _norm_to_torch),
            Weight("bias", "beta", _norm_to_keras, _norm_to_torch),
        ),
        (_EPSILON,),
    ),
    Row("embedding", ("Embedding",), ("Embedding",), (Weight("weight", "embeddings"),)),
    *(row for d in _DIMENSIONS for row in _per_dimension(d)),
    Row("dropout", ("Dropout",), ("Dropout",), (), (_RATE,), anchor=False),
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

# Keeps count of batches for momentum=None; has no part in any output.
TORCH_BOOKKEEPING = ("num_batches_tracked",)

_HOMES = {"torch": ("torch.nn.",), "keras": ("keras.src.layers.", "keras.layers.")}


@cache
def row_of(framework: str, layer_type: type) -> Row | None:
    """The table's row for a layer type or, by inheritance, for a user's subclass of one."""
    for base in layer_type.__mro__:
        if base.__module__.startswith(_HOMES[framework]):
            for row in ROWS:
                if base.__name__ in (row.torch if framework == "torch" else row.keras):
                    return row
    return None
