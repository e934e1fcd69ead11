"""Recurrent layers and cells. Kernels: torch (gates * H, in), Keras (in, gates * H).

Gates: LSTM i, f, g, o in both; GRU r, z, n in torch, z, r, h in Keras. torch keeps two biases. In
an LSTM or a plain RNN only their sum counts, which is Keras' one bias: `folding` makes it one in
torch too. A GRU needs both, as does Keras' with reset_after=True.

torch's weights are those of one stacked layer (`torch_stages.Stage`) or of a cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from ...frameworks import load
from .place import follow
from .row import Array, Row, Setting, Weight


def _transpose(array: Array) -> Array:
    return np.transpose(array)


def _swapped(array: Array) -> Array:
    """Of three blocks of the first axis, the first two in the other order: r, z, n and z, r, h."""
    first, second, third = np.split(array, 3)
    return np.concatenate([second, first, third])


def _gru_to_keras(array: Array) -> Array:
    return np.transpose(_swapped(array))


def _gru_to_torch(array: Array) -> Array:
    return _swapped(np.transpose(array))


class _Function(Setting):
    """An activation, told by its name."""

    def read(self, framework: str, layer: Any) -> Any:
        value = follow(layer, self.attribute(framework))
        return getattr(value, "__name__", value)

    @contextmanager
    def written(self, framework: str, layer: Any, value: Any) -> Iterator[None]:
        if framework == "keras":
            value = load("keras").activations.get(value)
        with super().written(framework, layer, value):
            yield


class _ResetAfter(Setting):
    """Keras' GRU with reset_after=True has a second bias, zero here."""

    @contextmanager
    def written(self, framework: str, layer: Any, value: Any) -> Iterator[None]:
        with super().written(framework, layer, value):
            if framework == "torch" or not value:
                yield
                return
            cell = follow(layer, self.keras.removesuffix(".reset_after"))
            with _two_biases(cell):
                yield


@contextmanager
def _two_biases(cell: Any) -> Iterator[None]:
    if cell.bias is None:
        yield
        return
    ops, kind = load("keras").ops, type(cell)

    def bias(cell: Any) -> Any:
        one = vars(cell)["bias"]
        return ops.stack([one * 1, one * 0])

    # A property, so that it is computed where gradients are recorded.
    cell.__class__ = type(kind.__name__, (kind,), {"bias": property(bias)})
    try:
        yield
    finally:
        cell.__class__ = kind


def _of_cell(kind: type[Setting], name: str) -> Setting:
    return kind(name, name, f"cell.{name}", only_in_keras=True)


_ACTIVATION = _of_cell(_Function, "activation")
_RECURRENT = _of_cell(_Function, "recurrent_activation")
_RESET_AFTER = _of_cell(_ResetAfter, "reset_after")


def _matrices(to_keras: Any, to_torch: Any) -> tuple[Weight, Weight]:
    return (
        Weight("weight_ih", "cell.kernel | kernel", to_keras, to_torch),
        Weight("weight_hh", "cell.recurrent_kernel | recurrent_kernel", to_keras, to_torch),
    )


_ONE_BIAS = (Weight("bias_ih", "cell.bias | bias"),)
_TWO_BIASES = (
    Weight("bias_ih", "cell.bias[0] | cell.bias | bias[0] | bias", _swapped, _swapped),
    Weight("bias_hh", "cell.bias[1] | bias[1]", _swapped, _swapped),
)

_LAYERS = (
    Row(
        "lstm",
        ("LSTM",),
        ("LSTM",),
        (*_matrices(_transpose, _transpose), *_ONE_BIAS),
        (_ACTIVATION, _RECURRENT),
    ),
    Row(
        "gru",
        ("GRU",),
        ("GRU",),
        (*_matrices(_gru_to_keras, _gru_to_torch), *_TWO_BIASES),
        (_ACTIVATION, _RECURRENT, _RESET_AFTER),
    ),
    Row(
        "rnn",
        ("RNN",),
        ("SimpleRNN",),
        (*_matrices(_transpose, _transpose), *_ONE_BIAS),
        (_ACTIVATION,),
    ),
)


def _prefixed(weight: Weight, prefix: str, suffix: str) -> Weight:
    paths = [prefix + path for path in weight.keras.split(" | ") if path.startswith("cell.")]
    return replace(weight, torch=weight.torch + suffix, keras=" | ".join(paths))


def _both_ways(row: Row) -> Row:
    """Keras' Bidirectional holds a layer for each direction, torch's module two sets of weights."""
    directions = (("forward_layer.", ""), ("backward_layer.", "_reverse"))
    return replace(
        row,
        kind=f"bidirectional {row.kind}",
        torch=(),
        keras=(),
        weights=tuple(_prefixed(w, *direction) for direction in directions for w in row.weights),
        settings=tuple(
            replace(s, keras=prefix + s.keras) for prefix, _ in directions for s in row.settings
        ),
    )


def _cell(row: Row) -> Row:
    """A cell is called at each step: its outputs are not those of a layer."""
    names = [(f"{name}Cell",) for name in (*row.torch, *row.keras)]
    return replace(row, torch=names[0], keras=names[1], settings=(), anchor=False)


BIDIRECTIONAL = {row.kind: _both_ways(row) for row in _LAYERS}
LAYERS = {row.kind: row for row in _LAYERS}

ROWS: tuple[Row, ...] = (*_LAYERS, *BIDIRECTIONAL.values(), *(_cell(row) for row in _LAYERS))
