"""Every row of the table: a right port passes every rung at 1e-12 in float64, both ways."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from keras import layers as L
from torch import nn

from pytest_gradferry.parity.sides.keras_backends.tensorflow_resizing import exact_resizing

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
    "pools1d": (
        SIGNAL,
        lambda: [nn.MaxPool1d(2, 1), nn.AvgPool1d(3, 2, padding=0)],
        lambda: [L.MaxPooling1D(2, 1), L.AveragePooling1D(3, 2)],
    ),
    "maxpool2d-padded": (
        IMAGE,
        lambda: [nn.MaxPool2d(3, 2, 1)],
        lambda: [L.Lambda(minus_infinity), L.MaxPooling2D(3, 2)],
    ),
    "maxpool2d-ceil": (
        (2, 3, 7, 9),
        lambda: [nn.MaxPool2d(2, ceil_mode=True)],
        lambda: [L.MaxPooling2D(2, padding="same")],
    ),
    "avgpool2d-ceil": (
        (2, 3, 7, 9),
        lambda: [nn.AvgPool2d(2, ceil_mode=True)],
        lambda: [L.AveragePooling2D(2, padding="same")],
    ),
    "avgpool2d-padded": (
        IMAGE,
        lambda: [nn.AvgPool2d(3, 1, 1, count_include_pad=False), nn.AvgPool2d((2, 3), (2, 1))],
        lambda: [L.AveragePooling2D(3, 1, padding="same"), L.AveragePooling2D((2, 3), (2, 1))],
    ),
    "avgpool2d-counting": (
        IMAGE,
        lambda: [nn.AvgPool2d(3, 1, 1)],
        lambda: [L.ZeroPadding2D(1), L.AveragePooling2D(3, 1)],
    ),
    "pools3d": (
        VOLUME,
        lambda: [nn.MaxPool3d(3, 1), nn.AvgPool3d((1, 2, 3), 1)],
        lambda: [L.MaxPooling3D(3, 1), L.AveragePooling3D((1, 2, 3), 1)],
    ),
    "global-average": (
        IMAGE,
        lambda: [nn.AdaptiveAvgPool2d(1)],
        lambda: [L.GlobalAveragePooling2D(keepdims=True)],
    ),
    "global-maximum": (
        VOLUME,
        lambda: [nn.AdaptiveMaxPool3d(1), nn.Flatten()],
        lambda: [L.GlobalMaxPooling3D()],
    ),
    "adaptive": (
        IMAGE,
        lambda: [nn.AdaptiveAvgPool2d((2, 5))],
        lambda: [L.AdaptiveAveragePooling2D((2, 5))],
    ),
    "pads": (
        IMAGE,
        lambda: [nn.ZeroPad2d((1, 2, 3, 0)), nn.ReflectionPad2d(2)],
        lambda: [L.ZeroPadding2D(((3, 0), (1, 2))), L.Lambda(reflected)],
    ),
    "nearest": (
        IMAGE,
        lambda: [nn.Upsample(scale_factor=2), nn.UpsamplingNearest2d(scale_factor=3)],
        lambda: [L.UpSampling2D(), L.UpSampling2D(3)],
    ),
    "nearest1d": (SIGNAL, lambda: [nn.Upsample(scale_factor=3)], lambda: [L.UpSampling1D(3)]),
    "nearest3d": (VOLUME, lambda: [nn.Upsample(scale_factor=2)], lambda: [L.UpSampling3D()]),
    "bilinear": (
        IMAGE,
        lambda: [nn.Upsample(scale_factor=(2, 3), mode="bilinear"), nn.Conv2d(6, 4, 1)],
        lambda: [L.UpSampling2D((2, 3), interpolation="bilinear"), L.Conv2D(4, 1)],
    ),
    "resize": (
        IMAGE,
        lambda: [nn.Upsample((11, 15), mode="bilinear"), nn.Upsample((4, 6), mode="bilinear")],
        lambda: [
            L.Lambda(lambda x: tf.image.resize(x, (11, 15))),
            L.Lambda(lambda x: keras.ops.image.resize(x, (4, 6))),
        ],
    ),
    "resizing-layer": (
        IMAGE,
        lambda: [nn.Upsample((5, 7), mode="bilinear"), nn.Conv2d(6, 4, 1)],
        lambda: [L.Resizing(5, 7), L.Conv2D(4, 1)],
    ),
    "corners": (
        IMAGE,
        lambda: [nn.Upsample((11, 15), mode="bilinear", align_corners=True)],
        lambda: [L.Lambda(lambda x: tf.compat.v1.image.resize_bilinear(x, (11, 15), True))],
    ),
    "bicubic": (
        IMAGE,
        lambda: [Bicubic((16, 20)), nn.Conv2d(6, 4, 1)],
        lambda: [L.UpSampling2D(2, interpolation="bicubic"), L.Conv2D(4, 1)],
    ),
    "antialiased": (
        IMAGE,
        lambda: [Bicubic((5, 3)), nn.Conv2d(6, 4, 1)],
        lambda: [
            L.Lambda(lambda x: tf.image.resize(x, (5, 3), "bicubic", antialias=True)),
            L.Conv2D(4, 1),
        ],
    ),
    "pixel-shuffle": (
        (2, 12, 4, 6),
        lambda: [nn.PixelShuffle(2)],
        lambda: [L.Lambda(pixel_shuffle)],
    ),
    "flatten-reshape-permute": (
        (2, 4, 6),
        lambda: [nn.Flatten(), nn.Linear(24, 6), nn.Unflatten(1, (1, 2, 3))],
        lambda: [L.Permute((2, 1)), L.Reshape((24,)), L.Dense(6), L.Reshape((2, 3, 1))],
    ),
}


class Bicubic(nn.Module):
    """torch has Keras' kernel, a = -0.5 and nothing beyond the edge, where it is to antialias."""

    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        return nn.functional.interpolate(x, self.size, mode="bicubic", antialias=True)


def minus_infinity(x):
    return keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-np.inf)


def reflected(x):
    return keras.ops.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect")


def pixel_shuffle(x):
    h, w, c = x.shape[1:]
    x = keras.ops.transpose(keras.ops.reshape(x, (-1, h, w, c // 4, 4)), (0, 1, 2, 4, 3))
    return tf.nn.depth_to_space(keras.ops.reshape(x, (-1, h, w, c)), 2)


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


def test_right_resize_in_a_graph_of_layers(parity, rng):
    """Keras calls its backend there, not the function that the user called."""
    x = rng.normal(size=IMAGE)
    theirs = nn.Sequential(nn.Upsample((15, 13), mode="bilinear"), nn.Conv2d(6, 4, 3))
    inputs = keras.Input((8, 10, 6))
    ours = keras.Model(inputs, L.Conv2D(4, 3)(keras.ops.image.resize(inputs, (15, 13))))
    assert parity(theirs, ours, x, tolerance=EXACT).passed
    assert parity(ours, theirs, np.moveaxis(x, 1, -1), tolerance=EXACT).passed


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


RESIZES = {
    "bilinear": lambda x, size: tf.image.resize(x, size),
    "bilinear, antialiased": lambda x, size: tf.image.resize(x, size, antialias=True),
    "bicubic": lambda x, size: tf.image.resize(x, size, "bicubic"),
    "bicubic, antialiased": lambda x, size: tf.image.resize(x, size, "bicubic", antialias=True),
    "bilinear of old": tf.compat.v1.image.resize_bilinear,
    "bilinear by corners": lambda x, size: tf.compat.v1.image.resize_bilinear(x, size, True),
    "bicubic of old": tf.compat.v1.image.resize_bicubic,
    "bicubic by corners": lambda x, size: tf.compat.v1.image.resize_bicubic(x, size, True),
    "Keras' function": keras.ops.image.resize,
    "Keras' layer": lambda x, size: L.Resizing(*size, "bicubic", dtype="float64")(x),
}


@pytest.mark.parametrize("name", RESIZES)
def test_resizing_is_computed_as_tensorflow_does(name, rng):
    """What stands in for a resize in float64 is TensorFlow's own, but for float32."""
    x = tf.constant(rng.normal(size=(2, 8, 10, 3)))
    for size in ((16, 20), (5, 7), (11, 10), (24, 30)):
        theirs = RESIZES[name](x, size)
        with exact_resizing():
            ours = RESIZES[name](x, size)
        assert ours.dtype == tf.float64
        np.testing.assert_allclose(ours, theirs, atol=5e-6)


def test_other_resizing_is_left_alone(rng):
    x = rng.normal(size=(1, 8, 10, 3))
    with exact_resizing():
        assert tf.image.resize(tf.constant(x, tf.float32), (4, 4)).dtype == tf.float32
        assert tf.image.resize(x, (4, 4), "lanczos3").dtype == tf.float32
    assert tf.image.resize(x, (4, 4)).dtype == tf.float32
