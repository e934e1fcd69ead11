"""torch's two biases in the place of Keras' one.

An LSTM or a plain RNN adds them, so that only their sum counts; but torch trains both, each with
the gradient of the sum, which so moves twice as far as Keras' single bias. The second is folded
into the first for the run, and frozen: then both frameworks train alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...frameworks import load
from ..compare import Comparison, Measure, relative
from ..sides.side import Side


def fold_biases(*sides: Side, one_bias: bool = False) -> None:
    """In the torch modules among them; in GRUs only where Keras' have one bias, which `one_bias`
    says of a Keras model that is elsewhere."""
    one_bias = one_bias or any(map(one_bias_grus, sides))
    for side in sides:
        if side.framework == "torch":
            _fold(side, one_bias)


def one_bias_grus(side: Side) -> bool:
    """It is a Keras model with a GRU of reset_after=False."""
    if side.framework != "keras":
        return False
    cell = load("keras").layers.GRUCell
    return any(
        len(layer.bias.shape) == 1
        for layer in side.model._flatten_layers(include_self=True, recursive=True)
        if isinstance(layer, cell) and layer.built and layer.use_bias
    )


def _fold(side: Side, one_bias: bool) -> None:
    torch = load("torch")
    for module in side.model.modules():
        for kept, folded in _biases(module, one_bias):
            if kept is None or folded is None:
                continue
            if folded.requires_grad and kept.requires_grad:
                side.second_biases.append(folded)
            side.folded.add(id(folded))
            side.folded_values[id(kept)] = side.array(folded)
            with torch.no_grad():
                kept += folded
                folded.zero_()
            kept.requires_grad_(kept.requires_grad or folded.requires_grad)
            folded.requires_grad_(False)


def _biases(module: Any, of_grus: bool) -> Iterator[tuple[Any, Any]]:
    nn = load("torch").nn
    if isinstance(module, nn.RNNBase) and (of_grus or module.mode != "GRU"):
        for layer in range(module.num_layers):
            for suffix in (f"_l{layer}", f"_l{layer}_reverse"):
                names = (f"bias_ih{suffix}", f"bias_hh{suffix}")
                yield getattr(module, names[0], None), getattr(module, names[1], None)
    elif isinstance(module, (nn.LSTMCell, nn.RNNCell)):
        yield module.bias_ih, module.bias_hh


def explain_biases(comparison: Comparison, measure: Measure) -> None:
    """Say of the `curve`, which agrees with the biases folded, how far it is off with both."""
    for side in (comparison.reference, comparison.port):
        if not side.second_biases:
            continue
        for bias in side.second_biases:
            bias.requires_grad_(True)
        try:
            raw = comparison.trained_anew(side).losses
        finally:
            for bias in side.second_biases:
                bias.requires_grad_(False)
        other = comparison.port if side is comparison.reference else comparison.reference
        error = relative(np.array(raw), np.array(comparison.losses_of(other)))
        if error > measure.error:
            measure.explained = (
                "torch trains bias_ih and bias_hh, whose sum moves twice as far as Keras' one "
                f"bias; bias_hh is folded into bias_ih and frozen: {error:.1e} with both"
            )
