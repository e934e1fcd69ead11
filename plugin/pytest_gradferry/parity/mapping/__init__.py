"""One table: which torch module is which Keras layer, and how weights and settings correspond.

A new pair of layers is a new `Row` in the module of its family; nothing else has to know about it.
The transpositions and the conventions were measured (forward and gradients equal to 1e-15 in
float64).
"""

from __future__ import annotations

from functools import cache

from . import attention, basic, convolutions, norms, pooling, recurrent, resizing
from .place import Block, find, follow
from .row import Row, Setting, Weight, equal

__all__ = [
    "BY_KIND",
    "ROWS",
    "TORCH_BOOKKEEPING",
    "Block",
    "Row",
    "Setting",
    "Weight",
    "equal",
    "find",
    "follow",
    "row_of",
]

ROWS: tuple[Row, ...] = (
    *basic.ROWS,
    *convolutions.ROWS,
    *norms.ROWS,
    *pooling.ROWS,
    *recurrent.ROWS,
    *attention.ROWS,
    *resizing.ROWS,
)
# For functions, which have settings of no layer: any row of the kind does.
BY_KIND = {row.kind: row for row in ROWS}

# Keeps count of batches for momentum=None; has no part in any output.
TORCH_BOOKKEEPING = ("num_batches_tracked",)

_HOMES = {"torch": ("torch.nn.",), "keras": ("keras.src.layers.", "keras.layers.")}


@cache
def row_of(framework: str, layer_type: type) -> Row | None:
    """The table's row for a layer type or, by inheritance, for a user's subclass of one."""
    for base in layer_type.__mro__:
        if base.__module__.startswith(_HOMES[framework]):
            for row in ROWS:
                if base.__name__ in (row.torch if framework == "torch" else row.keras):
                    return row
    return None
