"""What the features of a dense layer were before they stood side by side: maps that were flattened,
vectors, or both.

Read off the operations of the torch model, which every comparison of two frameworks has.
"""

from __future__ import annotations

import numpy as np

from ..causes.operations import record
from ..causes.operations.glue import last_made
from ..causes.operations.stream import Stream, Value
from ..compare import Comparison

Shape = tuple[int, ...]  # of one part, without the batch

_MIXING = ("linear", "matmul", "mm", "addmm", "einsum")  # a feature in, another out


class Merges:
    """Of the dense layers of a comparison; the torch model is run once, on the first question."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._stream: Stream | None = None
        self._run = False

    def parts(self, layer: object) -> list[Shape] | None:
        """Of what torch's `layer` is fed first, in their order; None where it cannot be seen."""
        if not self._run:
            self._run = True
            self._stream = self._recorded()
        if self._stream is None:
            return None
        event = next((e for e in self._stream.events if e.layer is layer), None)
        if event is None:
            return None
        fed = last_made(self._stream, event.inputs, self._stream.positions[id(event)])
        return None if fed is None else _parts(fed)

    def _recorded(self) -> Stream | None:
        c = self._comparison
        torch_first = c.reference.framework == "torch"
        side, inputs = (c.reference, c.inputs) if torch_first else (c.port, c.port_inputs)
        try:
            return record(side, inputs, training=False)
        except Exception:  # what cannot be recorded is judged by its layers
            return None


def _parts(value: Value) -> list[Shape]:
    shape = value.array.shape
    while value.maker is not None and value.maker.site.name not in _MIXING:
        taken = [v for v in value.maker.inputs if v.fed and v.floats]
        if not taken:
            break
        if len(taken) > 1 and _joined(taken, value):
            return [part for v in taken for part in _parts(v)]
        first = taken[0]
        if first.array.ndim > 2 and _flattened(first, value):
            return [first.array.shape[1:]]
        if first.array.shape != shape:
            break
        value = first  # an activation, a norm, a dropout: each feature stays where it is
    return [shape[1:]]


def _joined(taken: list[Value], value: Value) -> bool:
    if any(v.array.ndim != 2 or len(v.array) != len(value.array) for v in taken):
        return False
    side_by_side = np.concatenate([v.array for v in taken], axis=1)
    return np.array_equal(side_by_side, value.array)


def _flattened(map_: Value, value: Value) -> bool:
    if map_.array.size != value.array.size or len(map_.array) != len(value.array):
        return False
    return np.array_equal(map_.array.reshape(value.array.shape), value.array)
