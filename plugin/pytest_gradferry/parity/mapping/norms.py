"""Normalisation."""

from __future__ import annotations

import numpy as np

from .row import Array, Row, Setting, Weight

_EPSILON = Setting("epsilon", "eps", "epsilon")


def _to_keras(array: Array) -> Array:
    """A LayerNorm over (C, H, W) is one over the axes (H, W, C)."""
    return np.moveaxis(array, 0, -1) if array.ndim > 2 else array


def _to_torch(array: Array) -> Array:
    return np.moveaxis(array, -1, 0) if array.ndim > 2 else array


def _complement(momentum: float) -> float:
    """torch's momentum is the share of the new statistic, Keras' that of the old one."""
    return round(1.0 - momentum, 15)


_GAMMA, _BETA = Weight("weight", "gamma"), Weight("bias", "beta")

ROWS: tuple[Row, ...] = (
    Row(
        "batchnorm",
        ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"),
        ("BatchNormalization",),
        (
            _GAMMA,
            _BETA,
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
            Weight("weight", "gamma", _to_keras, _to_torch),
            Weight("bias", "beta", _to_keras, _to_torch),
        ),
        (_EPSILON,),
    ),
    Row(
        "groupnorm",
        ("GroupNorm",),
        ("GroupNormalization",),
        (_GAMMA, _BETA),
        (_EPSILON, Setting("groups", "num_groups", "groups")),
        channels=True,
    ),
    # Keras: GroupNormalization(groups=-1), which becomes the number of channels when it is built.
    Row(
        "groupnorm",
        ("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"),
        (),
        (_GAMMA, _BETA),
        (_EPSILON, Setting("groups", "num_features", "groups")),
        channels=True,
    ),
    Row(
        "rmsnorm",
        ("RMSNorm",),
        ("RMSNormalization",),
        (Weight("weight", "scale", _to_keras, _to_torch),),
        (_EPSILON,),
    ),
)
