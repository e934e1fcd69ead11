"""Keras' recurrent layers: their rows, their dropouts, the states they keep."""

from __future__ import annotations

from typing import Any

from ...frameworks import load
from ..mapping.recurrent import BIDIRECTIONAL, LAYERS
from ..mapping.row import Row
from .keras_watch import directions

keras = load("keras")
ops = keras.ops

_CELLS = {
    keras.layers.LSTMCell: "lstm",
    keras.layers.GRUCell: "gru",
    keras.layers.SimpleRNNCell: "rnn",
}


def recurrent_row(layer: Any) -> Row | None:
    """The row of RNN(cell), by its cell, and of Bidirectional, by the layer inside."""
    if isinstance(layer, keras.layers.Bidirectional):
        inner = recurrent_row(layer.forward_layer)
        other = recurrent_row(layer.backward_layer)
        return BIDIRECTIONAL[inner.kind] if inner is not None and inner == other else None
    if isinstance(layer, keras.layers.RNN):
        kinds = [kind for cell, kind in _CELLS.items() if isinstance(layer.cell, cell)]
        return LAYERS[kinds[0]] if kinds else None
    return None


def dropouts(layer: Any) -> list[tuple[str, float]]:
    """Those that a recurrent layer's cell or an attention has: (name, rate)."""
    owners = [inner.cell for inner in directions(layer)[:1]]
    if isinstance(layer, keras.layers.MultiHeadAttention):
        owners = [layer]
    names = ("dropout", "recurrent_dropout")
    found = [(name, float(getattr(owner, name, 0.0))) for owner in owners for name in names]
    return [(name, rate) for name, rate in found if rate]


def state_variables(layers: list[Any]) -> list[Any]:
    """What stateful layers carry from call to call; Keras counts it among no layer's variables."""
    found = [getattr(layer, "states", None) for layer in layers if getattr(layer, "stateful", 0)]
    return [v for states in found for v in keras.tree.flatten(states) if hasattr(v, "assign")]


def no_dropout(cell: Any, step_input: Any, dropout_rate: Any) -> Any:
    """In place of a cell's dropout masks: ones."""
    ones = ops.ones_like(step_input)
    count = getattr(cell, "dropout_mask_count", None)
    return ones if count is None else [ones] * count


def repadded(layer: Any, padding: Any, x: Any, arguments: dict[str, Any]) -> tuple[Any, Any]:
    """A layer's input and arguments with this mask, or with none where it is False."""
    if "mask" not in layer._call_signature.parameters or len(x.shape) < 3:
        return x, arguments
    x = x + 0  # Keras hangs a mask on the tensor
    mask = None
    if padding is not False and tuple(x.shape[:2]) == padding.shape:
        mask = ops.convert_to_tensor(padding)
    return x, arguments | {"mask": mask}
