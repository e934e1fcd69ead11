"""Keras layers computed by other operations, where TensorFlow's CPU cannot or is slow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ....frameworks import load

tf = load("tensorflow")
keras = load("keras")


def substitute(layer: Any, dtype: str) -> Callable[..., Any] | None:
    """The same by other operations, where TensorFlow's CPU cannot or is slow; else None."""
    if getattr(layer, "data_format", None) != "channels_last":
        return None
    if type(layer) in _POOLS_3D and dtype == "float64":
        return _pool_3d  # there is no kernel for float64
    convolutions = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
    if type(layer) in convolutions and layer.groups > 1 and layer.padding != "causal":
        return _grouped_convolution  # Keras compiles one with XLA, anew at each call
    if type(layer) is keras.layers.UpSampling2D and dtype == "float64":
        return _bilinear if layer.interpolation == "bilinear" else None  # computed in float32
    return None


def _grouped_convolution(layer: Any, x: Any, **_: Any) -> Any:
    """One convolution for each group."""
    inputs = tf.split(tf.cast(x, layer.compute_dtype), layer.groups, axis=-1)
    kernels = tf.split(tf.convert_to_tensor(layer.kernel), layer.groups, axis=-1)
    rest = (layer.strides, layer.padding, "channels_last", layer.dilation_rate)
    outputs = [keras.ops.conv(a, k, *rest) for a, k in zip(inputs, kernels, strict=True)]
    output = tf.concat(outputs, axis=-1)
    if layer.use_bias:
        output = output + layer.bias
    return output if layer.activation is None else layer.activation(output)


_POOLS_3D = {
    keras.layers.MaxPooling3D: tf.nn.max_pool2d,
    keras.layers.AveragePooling3D: tf.nn.avg_pool2d,
}


def _pool_3d(layer: Any, x: Any, **_: Any) -> Any:
    """A maximum or mean over boxes as one over planes, then one over depth."""
    pool = _POOLS_3D[type(layer)]
    (kd, *plane), (sd, *strides), padding = layer.pool_size, layer.strides, layer.padding.upper()
    n, d, h, w, c = x.shape
    x = pool(tf.reshape(x, (n * d, h, w, c)), plane, strides, padding)
    _, h, w, _ = x.shape
    x = pool(tf.reshape(x, (n, d, h * w, c)), (kd, 1), (sd, 1), padding)
    return tf.reshape(x, (n, x.shape[1], h, w, c))


def substitute_function(x: Any, given: dict[str, Any]) -> Callable[..., Any] | None:
    """The same for tf.image.resize and keras.ops.image.resize, with their arguments by name."""
    method = given.get("method", given.get("interpolation"))
    plain = not any(given.get(name) for name in _BESIDES)
    last = given.get("data_format") in (None, "channels_last")
    if method != "bilinear" or not plain or not last or x.dtype != tf.float64 or len(x.shape) != 4:
        return None
    size = tuple(int(n) for n in given["size"])
    return lambda **_: _between_pixels(x, size)


_BESIDES = ("antialias", "preserve_aspect_ratio", "crop_to_aspect_ratio", "pad_to_aspect_ratio")


def _bilinear(layer: Any, x: Any, **_: Any) -> Any:
    return _between_pixels(x, tuple(n * f for n, f in zip(x.shape[1:3], layer.size, strict=True)))


def _between_pixels(x: Any, size: tuple[int, ...]) -> Any:
    """Linear between the centres of the pixels, one axis after the other."""
    for axis, wanted in zip((1, 2), size, strict=True):
        weights = tf.constant(_linear(x.shape[axis], wanted), x.dtype)
        x = tf.tensordot(x, weights, ([axis], [1]))
        x = tf.transpose(x, (0, 3, 1, 2) if axis == 1 else (0, 1, 3, 2))
    return x


def _linear(size: int, wanted: int) -> Any:
    """The weights (wanted, size) of linear interpolation; beyond the edge, the edge's."""
    position = (np.arange(wanted) + 0.5) * size / wanted - 0.5
    left = np.floor(position)
    weights = np.zeros((wanted, size))
    rows = np.arange(wanted)
    for neighbour, share in ((left, 1 - (position - left)), (left + 1, position - left)):
        np.add.at(weights, (rows, np.clip(neighbour, 0, size - 1).astype(int)), share)
    return weights
