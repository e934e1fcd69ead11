"""Every row of the table: a right port passes every rung at 1e-12 in float64, both ways."""

import keras
import numpy as np
import pytest
import torch
from keras import layers as L
from torch import nn

EXACT = 1e-12


def seq(shape, *layers):
    """A Keras model for inputs of torch's shape (N, C, ...)."""
    return keras.Sequential([L.Input((*shape[2:], shape[1])), *layers])


IMAGE, SIGNAL, VOLUME = (4, 6, 8, 10), (4, 6, 12), (2, 4, 4, 6, 8)

CASES = {
    "conv1d-groups-dilation": (
        SIGNAL,
        lambda: [nn.Conv1d(6, 8, 3, groups=2, dilation=2, padding=2)],
        lambda: [L.Conv1D(8, 3, groups=2, dilation_rate=2, padding="same")],
    ),
    "conv2d-groups-strides": (
        IMAGE,
        lambda: [nn.Conv2d(6, 9, (3, 5), stride=(2, 1), groups=3, padding=1)],
        lambda: [L.ZeroPadding2D(1), L.Conv2D(9, (3, 5), strides=(2, 1), groups=3)],
    ),
    "conv2d-even-kernel-same": (
        IMAGE,
        lambda: [nn.Conv2d(6, 4, 4, padding="same")],
        lambda: [L.Conv2D(4, 4, padding="same")],
    ),
    "conv3d-dilation": (
        VOLUME,
        lambda: [nn.Conv3d(4, 6, 3, dilation=(1, 2, 3), padding=(1, 2, 3))],
        lambda: [L.Conv3D(6, 3, dilation_rate=(1, 2, 3), padding="same")],
    ),
    "depthwise1d": (
        SIGNAL,
        lambda: [nn.Conv1d(6, 12, 3, groups=6, padding=1)],
        lambda: [L.DepthwiseConv1D(3, depth_multiplier=2, padding="same")],
    ),
    "depthwise2d": (
        IMAGE,
        lambda: [nn.Conv2d(6, 6, 3, groups=6, padding=1, stride=2, bias=False)],
        lambda: [L.ZeroPadding2D(1), L.DepthwiseConv2D(3, strides=2, use_bias=False)],
    ),
    "depthwise2d-multiplier": (
        IMAGE,
        lambda: [nn.Conv2d(6, 18, 3, groups=6, dilation=2)],
        lambda: [L.DepthwiseConv2D(3, depth_multiplier=3, dilation_rate=2)],
    ),
    "depthwise2d-as-grouped": (
        IMAGE,
        lambda: [nn.Conv2d(6, 12, 3, groups=6)],
        lambda: [L.Conv2D(12, 3, groups=6)],
    ),
    "separable1d": (
        SIGNAL,
        lambda: [nn.Conv1d(6, 12, 3, groups=6, bias=False), nn.Conv1d(12, 4, 1), nn.Tanh()],
        lambda: [L.SeparableConv1D(4, 3, depth_multiplier=2, activation="tanh")],
    ),
    "separable2d": (
        IMAGE,
        lambda: [nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False), nn.Conv2d(6, 6, 1)] * 2,
        lambda: [L.SeparableConv2D(6, 3, padding="same")] * 2,
    ),
    "transposed1d": (
        SIGNAL,
        lambda: [nn.ConvTranspose1d(6, 4, 4, stride=2, padding=1)],
        lambda: [L.Conv1DTranspose(4, 4, strides=2, padding="same")],
    ),
    "transposed2d": (
        IMAGE,
        lambda: [nn.ConvTranspose2d(6, 4, 4, stride=2, padding=1), nn.ReLU()],
        lambda: [L.Conv2DTranspose(4, 4, strides=2, padding="same", activation="relu")],
    ),
    "transposed2d-cropped": (
        IMAGE,
        lambda: [nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1)],
        lambda: [L.Conv2DTranspose(4, 3, strides=2), L.Cropping2D(((1, 0), (1, 0)))],
    ),
    "transposed2d-valid": (
        IMAGE,
        lambda: [nn.ConvTranspose2d(6, 4, (3, 2), stride=(1, 2), bias=False)],
        lambda: [L.Conv2DTranspose(4, (3, 2), strides=(1, 2), use_bias=False)],
    ),
    "transposed2d-dilation": (
        IMAGE,
        lambda: [nn.ConvTranspose2d(6, 4, 3, dilation=2)],
        lambda: [L.Conv2DTranspose(4, 3, dilation_rate=2)],
    ),
    "transposed3d": (
        VOLUME,
        lambda: [nn.ConvTranspose3d(4, 3, 2, stride=2)],
        lambda: [L.Conv3DTranspose(3, 2, strides=2)],
    ),
    "batchnorm1d": (
        SIGNAL,
        lambda: [nn.BatchNorm1d(6, momentum=0.25, eps=1e-3)],
        lambda: [L.BatchNormalization(momentum=0.75)],
    ),
    "batchnorm2d-plain": (
        IMAGE,
        lambda: [nn.BatchNorm2d(6, affine=False)],
        lambda: [L.BatchNormalization(epsilon=1e-5, momentum=0.9, scale=False, center=False)],
    ),
    "batchnorm3d": (
        VOLUME,
        lambda: [nn.BatchNorm3d(4)],
        lambda: [L.BatchNormalization(epsilon=1e-5, momentum=0.9)],
    ),
    "layernorm": (
        (4, 6),
        lambda: [nn.LayerNorm(6, bias=False), nn.LayerNorm(6, elementwise_affine=False)],
        lambda: [
            L.LayerNormalization(epsilon=1e-5, center=False),
            L.LayerNormalization(epsilon=1e-5, center=False, scale=False),
        ],
    ),
    "layernorm-image": (
        IMAGE,
        lambda: [nn.LayerNorm((6, 8, 10))],
        lambda: [L.LayerNormalization(axis=(1, 2, 3), epsilon=1e-5)],
    ),
    "groupnorm": (
        IMAGE,
        lambda: [nn.GroupNorm(3, 6), nn.GroupNorm(1, 6, affine=False)],
        lambda: [
            L.GroupNormalization(3, epsilon=1e-5),
            L.GroupNormalization(1, epsilon=1e-5, scale=False, center=False),
        ],
    ),
    "instancenorm1d": (
        SIGNAL,
        lambda: [nn.InstanceNorm1d(6)],
        lambda: [L.GroupNormalization(-1, epsilon=1e-5, scale=False, center=False)],
    ),
    "instancenorm2d": (
        IMAGE,
        lambda: [nn.InstanceNorm2d(6, affine=True)],
        lambda: [L.GroupNormalization(-1, epsilon=1e-5)],
    ),
    "instancenorm3d": (
        VOLUME,
        lambda: [nn.InstanceNorm3d(4, affine=True)],
        lambda: [L.GroupNormalization(4, epsilon=1e-5)],
    ),
    "rmsnorm": (
        (4, 6),
        lambda: [nn.RMSNorm(6), nn.RMSNorm(6, eps=1e-6)],
        lambda: [L.RMSNormalization(epsilon=np.finfo("float32").eps), L.RMSNormalization()],
    ),
    "prelu-shared": (
        IMAGE,
        lambda: [nn.PReLU()],
        lambda: [L.PReLU(shared_axes=(1, 2, 3))],
    ),
    "prelu-by-channel": (
        IMAGE,
        lambda: [nn.PReLU(6)],
        lambda: [L.PReLU(shared_axes=(1, 2))],
    ),
    "prelu-dense": ((4, 6), lambda: [nn.PReLU(6)], lambda: [L.PReLU()]),
}


def swap(x):
    return np.swapaxes(x, 1, 2)


def both_ways(parity, theirs, ours, shape, **options):
    """Reports of the torch reference's Keras port and of the Keras reference's torch port."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape)
    with torch.no_grad():
        y = rng.normal(size=theirs().double()(torch.from_numpy(x)).shape)
    options = {"loss": "mse", "steps": 3, "tolerance": EXACT} | options
    if x.ndim == 3:
        options["port_inputs"] = swap
    if y.ndim == 3:
        options["port_outputs"] = swap
    last_x, last_y = (np.moveaxis(a, 1, -1) if a.ndim > 2 else a for a in (x, y))
    return [
        parity.report(theirs, ours, x, y, **options),
        parity.report(ours, theirs, last_x, last_y, **options),
    ]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("case", CASES)
def test_right_port(parity, case):
    shape, theirs, ours = CASES[case]
    for report in both_ways(
        parity, lambda: nn.Sequential(*theirs()), lambda: seq(shape, *ours()), shape
    ):
        assert report.passed, report.text()
        trains = any(p.numel() for p in nn.Sequential(*theirs()).parameters())
        assert report.rung("curve").status == ("pass" if trains else "skipped")
