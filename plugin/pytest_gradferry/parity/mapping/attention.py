"""Multi-head attention. torch's projections: (out, in); Keras': (in, heads, size of a head).

torch keeps query, key and value in one parameter, or in three where key and value have sizes of
their own.
"""

from __future__ import annotations

import numpy as np

from .row import Array, Row, Setting, Weight


def _flat(array: Array) -> Array:
    """(in, heads, size) as (in, heads * size)."""
    return array.reshape(array.shape[0], -1)


def _transpose(array: Array) -> Array:
    return np.transpose(array)


def _projection_to_torch(array: Array) -> Array:
    return np.transpose(_flat(array))


def _output_to_torch(array: Array) -> Array:
    """(heads, size, out) as (out, heads * size)."""
    return np.transpose(array.reshape(-1, array.shape[-1]))


def _ravel(array: Array) -> Array:
    return array.reshape(-1)


def _projection(name: str, index: int) -> tuple[Weight, Weight]:
    return (
        Weight(
            f"{name[0]}_proj_weight | in_proj_weight[{index}/3]",
            f"_{name}_dense.kernel",
            _transpose,
            _projection_to_torch,
        ),
        Weight(f"in_proj_bias[{index}/3]", f"_{name}_dense.bias", _ravel, _ravel),
    )


ROWS: tuple[Row, ...] = (
    Row(
        "attention",
        ("MultiheadAttention",),
        ("MultiHeadAttention",),
        (
            *(w for i, name in enumerate(("query", "key", "value")) for w in _projection(name, i)),
            Weight("out_proj.weight", "_output_dense.kernel", _transpose, _output_to_torch),
            Weight("out_proj.bias", "_output_dense.bias"),
        ),
        (Setting("num_heads", "num_heads", "num_heads"),),
    ),
)
