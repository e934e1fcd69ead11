"""TensorFlow's resizing of images in double precision: its kernels compute in float32 alone.

Each stands in for a kernel that `tf.image`, `tf.compat.v1.image`, `keras.ops.image` and the layers
come down to, so it does not matter by which name a model calls it. Every axis is resized by a
matrix of weights, as the kernels in tensorflow/core/kernels/image (resize_bilinear_op.cc,
resize_bicubic_op.cc, scale_and_translate_op.cc) compute them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ....frameworks import load
from ...layout import Array

tf = load("tensorflow")

# (inputs, outputs) to the weights (outputs, inputs).
Weights = Callable[[int, int], Array]

_TABLE = 1024  # resize_bicubic_op.cc looks weights up at so many places between two pixels


@contextmanager
def exact_resizing() -> Iterator[None]:
    """Float64 images are resized in float64 inside; what is not known here, as ever."""
    kernels = load("tensorflow.python.ops.gen_image_ops")
    saved = {name: getattr(kernels, name) for name in _WEIGHTS_OF}
    for name, weights_of in _WEIGHTS_OF.items():
        setattr(kernels, name, _exact(saved[name], weights_of))
    try:
        yield
    finally:
        for name, original in saved.items():
            setattr(kernels, name, original)


def _exact(original: Any, weights_of: Callable[..., Weights | None]) -> Callable[..., Any]:
    def resize(images: Any, size: Any, *args: Any, **kwargs: Any) -> Any:
        wanted = tf.get_static_value(size)
        if wanted is None or getattr(images, "dtype", None) != tf.float64:
            return original(images, size, *args, **kwargs)
        weights = weights_of(images, wanted, *args, **kwargs)
        if weights is None:
            return original(images, size, *args, **kwargs)
        return _resized(images, [int(n) for n in wanted], weights)

    return resize


def _resized(x: Any, size: list[int], weights: Weights) -> Any:
    """(N, H, W, C), one axis after the other."""
    for axis, wanted in zip((1, 2), size, strict=True):
        matrix = tf.constant(weights(x.shape[axis], wanted), x.dtype)
        x = tf.tensordot(x, matrix, ([axis], [1]))
        x = tf.transpose(x, (0, 3, 1, 2) if axis == 1 else (0, 1, 3, 2))
    return x


def _bilinear(
    images: Any,
    size: Any,
    align_corners: bool = False,
    half_pixel_centers: bool = False,
    name: Any = None,
) -> Weights:
    def weights(inputs: int, outputs: int) -> Array:
        position = _positions(inputs, outputs, align_corners, half_pixel_centers)
        left = np.floor(position)
        share = position - left
        return _clamped(inputs, left, [(0, 1 - share), (1, share)])

    return weights


def _bicubic(
    images: Any,
    size: Any,
    align_corners: bool = False,
    half_pixel_centers: bool = False,
    name: Any = None,
) -> Weights:
    """Between the centres of pixels with a = -0.5, and pixels beyond the edge left out; as
    TensorFlow 1 did it with a = -0.75, and the edge repeated."""
    a = -0.5 if half_pixel_centers else -0.75

    def weights(inputs: int, outputs: int) -> Array:
        position = _positions(inputs, outputs, align_corners, half_pixel_centers)
        left = np.floor(position)
        share = np.rint((position - left) * _TABLE) / _TABLE
        shares = [(i, _cubic(np.abs(share - i), a)) for i in (-1, 0, 1, 2)]
        if not half_pixel_centers:
            return _clamped(inputs, left, shares)
        inside = [(i, s * ((left + i >= 0) & (left + i < inputs))) for i, s in shares]
        matrix = _clamped(inputs, left, inside)
        normalised: Array = matrix / matrix.sum(1, keepdims=True)
        return normalised

    return weights


def _scaled(
    images: Any,
    size: Any,
    scale: Any,
    translation: Any,
    kernel_type: str = "lanczos3",
    antialias: bool = True,
    name: Any = None,
) -> Weights | None:
    """Where no more is asked for than to fill the size; the kernel widens as an image shrinks."""
    factors = np.asarray(size) / np.array(images.shape[1:3])
    plain = np.allclose(scale, factors, rtol=1e-6) and not np.any(translation)
    if kernel_type not in _KERNELS or not plain:
        return None
    kernel, radius = _KERNELS[kernel_type]

    def weights(inputs: int, outputs: int) -> Array:
        wide = max(inputs / outputs, 1.0) if antialias else 1.0
        centre = (np.arange(outputs) + 0.5) * inputs / outputs
        distance = np.abs(np.arange(inputs) + 0.5 - centre[:, None]) / wide
        matrix = np.where(distance <= radius, kernel(distance), 0.0)
        normalised: Array = matrix / matrix.sum(1, keepdims=True)
        return normalised

    return weights


_WEIGHTS_OF: dict[str, Callable[..., Weights | None]] = {
    "resize_bilinear": _bilinear,
    "resize_bicubic": _bicubic,
    "scale_and_translate": _scaled,
}


def _positions(inputs: int, outputs: int, align_corners: bool, centres: bool) -> Array:
    """Where among the input's pixels each of the output's lies."""
    at = np.arange(outputs)
    if align_corners and outputs > 1:
        return at * (inputs - 1) / (outputs - 1)
    return (at + 0.5) * inputs / outputs - 0.5 if centres else at * inputs / outputs


def _clamped(inputs: int, left: Array, shares: list[tuple[int, Array]]) -> Array:
    """The share of each neighbour; those beyond the edge fall to the edge."""
    matrix = np.zeros((len(left), inputs))
    for neighbour, share in shares:
        columns = np.clip(left + neighbour, 0, inputs - 1).astype(int)
        np.add.at(matrix, (np.arange(len(left)), columns), share)
    return matrix


def _cubic(distance: Array, a: float) -> Array:
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    weights: Array = np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
    return weights


_KERNELS: dict[str, tuple[Callable[[Array], Array], float]] = {
    "triangle": (lambda distance: np.maximum(0.0, 1 - distance), 1.0),
    "keyscubic": (lambda distance: _cubic(distance, -0.5), 2.0),
}
