"""Resizing by the reference's own weights, read off it by resizing unit vectors.

Keras has no align_corners, and another bicubic kernel than torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import numpy as np

from ....frameworks import load
from ...compare import Comparison, relative
from ...layout import Array
from ...sides.side import Event, Side
from ..hypothesis import Hypothesis
from ..localise import Divergence

_SAME = 1e-6


def resizing(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    """The port's upsampling with the reference's interpolation."""
    theirs, ours = where.couple.reference, where.couple.port
    if theirs.row.kind != "upsample":
        return
    side = comparison.port
    matrices = _matrices(comparison.reference, theirs)
    axes = _axes(ours)
    if matrices is None or len(axes) != len(matrices):
        return
    mine, other = _method(ours), _method(theirs)
    yield Hypothesis(
        f"{ours.name} resizes by {mine}, the reference by {other}",
        f"{other}",
        _advice(side, ours, theirs),
        partial(_resized, side, ours.layer or ours.detail["function"], axes, matrices),
        "XFR515",
    )


def _axes(event: Event) -> list[int]:
    first = event.framework == "torch" or (
        getattr(event.layer, "data_format", None) == "channels_first"
    )
    rank = event.inputs.ndim
    return list(range(2, rank)) if first else list(range(1, rank - 1))


def _matrices(side: Side, event: Event) -> list[Array] | None:
    """For each axis, the weights (outputs, inputs); None if those do not make its output."""
    axes = _axes(event)
    channels = 1 if axes[0] == 2 else event.inputs.ndim - 1
    resize = _resizer(side, event)
    found, output = [], event.inputs.astype(np.float64)
    for axis in axes:
        n = event.inputs.shape[axis]
        shape = list(event.inputs.shape)
        shape[0], shape[channels] = 1, n
        units = np.zeros(shape)
        view = np.moveaxis(units, (channels, axis), (0, 1))
        view[np.arange(n), np.arange(n)] = 1.0
        resized = np.moveaxis(resize(units), (axis, channels), (0, 1))
        matrix = resized.reshape(resized.shape[0], n, -1)[:, :, 0]
        output = np.moveaxis(np.tensordot(matrix, output, (1, axis)), 0, axis)
        found.append(matrix)
    return found if relative(output, event.output) < _SAME else None


def _resizer(side: Side, event: Event) -> Callable[[Array], Array]:
    if event.layer is not None:
        return lambda array: side.run_layer(event.layer, array, training=False)
    given = dict(event.detail)
    function = given.pop("function")
    return lambda array: side.array(function(side.tensor(array), **given))


def _resized(
    side: Side, layer: Any, axes: list[int], matrices: list[Array]
) -> AbstractContextManager[None]:
    caught: list[Any] = []

    def before(tensor: Any) -> Any:
        caught.append(tensor)
        return tensor

    def after(resized: Any) -> Any:
        tensor = caught.pop()
        if any(tensor.shape[a] != m.shape[1] for a, m in zip(axes, matrices, strict=True)):
            return resized  # another call of the same
        for axis, matrix in zip(axes, matrices, strict=True):
            tensor = _product(side, tensor, matrix, axis)
        return tensor

    return side.intercepted(layer, before, after)


def _product(side: Side, tensor: Any, matrix: Array, axis: int) -> Any:
    transposed = side.tensor(matrix.T)
    if side.framework == "torch":
        torch = load("torch")
        return torch.movedim(torch.tensordot(tensor, transposed, ([axis], [0])), -1, axis)
    ops = load("keras").ops
    return ops.moveaxis(ops.tensordot(tensor, transposed, ([axis], [0])), -1, axis)


def _method(event: Event) -> str:
    given = event.detail if event.layer is None else vars(event.layer)
    names = ("mode", "interpolation", "method")
    mode = next((given[name] for name in names if name in given), "nearest")
    if mode == "bicubic":
        mode += f" (a = {-0.5 if event.framework == 'keras' else -0.75})"
    return f"{mode} with align_corners" if given.get("align_corners") else str(mode)


def _advice(side: Side, ours: Event, theirs: Event) -> str:
    mine, other = _method(ours), _method(theirs)
    if side.framework == "keras" and "align_corners" in other:
        return (
            "Keras has no align_corners: give the reference align_corners=False, or resize by a "
            f"matrix in place of {ours.name}"
        )
    if mine.startswith("bicubic") and other.startswith("bicubic"):
        return (
            "the frameworks' bicubic kernels differ: use bilinear in both, or resize by a matrix "
            f"in place of {ours.name}"
        )
    return f"resize by {other}: {ours.name}"
