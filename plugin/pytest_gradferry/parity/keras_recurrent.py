"""Keras' recurrent layers: their rows, and the whole sequence of a layer that returns less."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ..frameworks import load
from .mapping.recurrent import BIDIRECTIONAL, LAYERS
from .mapping.row import Row

keras = load("keras")

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


def directions(layer: Any) -> list[Any]:
    """The layers inside, the one that runs forward first; empty for what is not recurrent."""
    if isinstance(layer, keras.layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    return [layer] if isinstance(layer, keras.layers.RNN) else []


def dropouts(layer: Any) -> list[tuple[str, float]]:
    """Of the cell: (name, rate) of those it has."""
    cells = [inner.cell for inner in directions(layer)[:1]]
    names = ("dropout", "recurrent_dropout")
    found = [(name, float(getattr(cell, name, 0.0))) for cell in cells for name in names]
    return [(name, rate) for name, rate in found if rate]


def state_variables(layers: list[Any]) -> list[Any]:
    """What stateful layers carry from call to call; Keras counts it among no layer's variables."""
    found = [getattr(layer, "states", None) for layer in layers if getattr(layer, "stateful", 0)]
    return [v for states in found for v in keras.tree.flatten(states) if hasattr(v, "assign")]


@contextmanager
def sequence_seen(layer: Any, captured: list[Any]) -> Iterator[None]:
    """Catch the whole sequence, (N, T, H) or both directions' side by side, whatever the layer
    returns of it."""
    sequences: list[Any] = []
    with ExitStack() as stack:
        for inner in directions(layer):
            stack.enter_context(_loop_seen(inner, sequences))
        yield
    if len(sequences) == 2:
        captured.append(keras.ops.concatenate([sequences[0], keras.ops.flip(sequences[1], 1)], -1))
    else:
        captured.extend(sequences)


@contextmanager
def _loop_seen(layer: Any, sequences: list[Any]) -> Iterator[None]:
    loop = layer.inner_loop

    def seen(*args: Any, **kwargs: Any) -> Any:
        wanted = layer.return_sequences
        layer.__dict__["return_sequences"] = True  # the loop keeps no more than it is to return
        try:
            last, sequence, states = loop(*args, **kwargs)
        finally:
            layer.__dict__["return_sequences"] = wanted
        sequences.append(sequence)
        return last, sequence, states

    own = "inner_loop" in layer.__dict__  # patched by the wrapper that it runs in
    layer.__dict__["inner_loop"] = seen
    try:
        yield
    finally:
        if own:
            layer.__dict__["inner_loop"] = loop
        else:
            del layer.__dict__["inner_loop"]


def no_dropout(cell: Any, step_input: Any, dropout_rate: Any) -> Any:
    """In place of a cell's dropout masks: ones."""
    ones = keras.ops.ones_like(step_input)
    count = getattr(cell, "dropout_mask_count", None)
    return ones if count is None else [ones] * count
