"""Multi-head attention. torch's projections: (out, in); Keras': (in, heads, size of a head).

torch keeps query, key and value in one parameter, or in three where key and value have sizes of
their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...frameworks import load
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


class _Heads(Setting):
    """The same projections, cut into another number of heads."""

    @contextmanager
    def written(self, framework: str, layer: Any, value: Any) -> Iterator[None]:
        if framework == "torch":
            saved = {name: layer.__dict__[name] for name in ("num_heads", "head_dim")}
            layer.__dict__.update(num_heads=value, head_dim=layer.embed_dim // value)
            try:
                yield
            finally:
                layer.__dict__.update(saved)
            return
        ops, attend, scale = (
            load("keras").ops,
            layer._compute_attention,
            layer._inverse_sqrt_key_dim,
        )
        size = layer.num_heads * layer.key_dim // value

        def cut(tensor: Any, heads: int) -> Any:
            shape = tuple(tensor.shape)
            return ops.reshape(tensor, (*shape[:2], heads, shape[2] * shape[3] // heads))

        def attended(query: Any, key: Any, given: Any, *args: Any, **kwargs: Any) -> Any:
            parts = (cut(part, value) for part in (query, key, given))
            output, scores = attend(*parts, *args, **kwargs)
            return cut(output, layer.num_heads), scores

        layer.__dict__.update(_compute_attention=attended, _inverse_sqrt_key_dim=size**-0.5)
        try:
            yield
        finally:
            del layer.__dict__["_compute_attention"]
            layer.__dict__["_inverse_sqrt_key_dim"] = scale


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
        (_Heads("num_heads", "num_heads", "num_heads"),),
    ),
)
