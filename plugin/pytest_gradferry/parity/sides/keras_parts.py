"""Keras layers that torch writes as several: run as those, each seen, paired and mended by itself.

A SeparableConv is a depthwise convolution and one with a kernel of size 1, which are two Conv
modules in torch. The parts hold the very variables of the whole, so nothing is copied.
"""

from __future__ import annotations

from typing import Any

from ...frameworks import load

keras = load("keras")

_SEPARABLE = {
    keras.layers.SeparableConv1D: (keras.layers.DepthwiseConv1D, keras.layers.Conv1D),
    keras.layers.SeparableConv2D: (keras.layers.DepthwiseConv2D, keras.layers.Conv2D),
}


def parts(layer: Any, name: str) -> list[Any]:
    """The layers that a built `layer` is made of, in the order of their calls; none for most."""
    for whole, (depthwise, pointwise) in _SEPARABLE.items():
        if isinstance(layer, whole) and type(layer).call is whole.call:
            return _separated(layer, name, depthwise, pointwise)
    return []


def _separated(layer: Any, name: str, depthwise: Any, pointwise: Any) -> list[Any]:
    # Named, so that Keras' numbering of the user's own layers does not move on.
    first = depthwise(
        layer.kernel_size,
        strides=layer.strides,
        padding=layer.padding,
        depth_multiplier=layer.depth_multiplier,
        data_format=layer.data_format,
        dilation_rate=layer.dilation_rate,
        use_bias=False,
        dtype=layer.dtype_policy,
        name=f"{name}.depthwise",
    )
    second = pointwise(
        layer.filters,
        1,
        data_format=layer.data_format,
        activation=layer.activation,
        use_bias=layer.use_bias,
        dtype=layer.dtype_policy,
        name=f"{name}.pointwise",
    )
    # Past Keras' tracking: the whole goes on owning its variables.
    first.__dict__.update(kernel=layer.depthwise_kernel, bias=None)
    second.__dict__.update(_kernel=layer.pointwise_kernel, bias=layer.bias)
    for part in (first, second):
        part.built = True
        part.__dict__["whole"] = layer
    return [first, second]
