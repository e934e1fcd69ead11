"""Keras layers computed by other operations, where TensorFlow's CPU cannot or is slow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
