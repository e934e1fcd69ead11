"""Keras' MultiHeadAttention: what it blocks, its own masks and those of its inputs taken
together, seen and replaced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..frameworks import load
from .layout import Array

keras = load("keras")
ops = keras.ops


def is_attention(layer: Any) -> bool:
    return isinstance(layer, keras.layers.MultiHeadAttention)


@contextmanager
def mask_seen(layer: Any, forced: Array | None, blocked: list[Array]) -> Iterator[None]:
    """Into `blocked` comes (N, heads, T, S), or what broadcasts to it, True where a query may not
    look: nothing where nothing is blocked. `forced` takes the place of the layer's own."""
    if not is_attention(layer):
        yield
        return
    attend = layer._compute_attention

    def seen(query: Any, key: Any, value: Any, attention_mask: Any = None, *rest: Any, **kw: Any):  # type: ignore[no-untyped-def]
        if kw.get("use_causal_mask"):
            causal = layer._compute_causal_mask(query, value)
            own = None if attention_mask is None else ops.cast(attention_mask, "bool")
            attention_mask = causal if own is None else ops.logical_and(own, causal)
            kw = kw | {"use_causal_mask": False}
        if attention_mask is not None:
            blocked.append(~np.array(ops.convert_to_numpy(attention_mask)).astype(bool))
            if blocked[-1].ndim == 3:
                blocked[-1] = blocked[-1][:, None]
        if forced is not None:
            shape = (query.shape[0], layer.num_heads, query.shape[1], key.shape[1])
            attention_mask = ops.convert_to_tensor(~np.broadcast_to(forced, shape))
        return attend(query, key, value, attention_mask, *rest, **kw)

    scale = layer._inverse_sqrt_key_dim
    if keras.backend.backend() == "tensorflow":  # where a plain float goes through float32
        dtype = layer.compute_dtype
        layer.__dict__["_inverse_sqrt_key_dim"] = ops.convert_to_tensor(np.array(scale), dtype)
    layer.__dict__["_compute_attention"] = seen
    try:
        yield
    finally:
        del layer.__dict__["_compute_attention"]
        layer.__dict__["_inverse_sqrt_key_dim"] = scale


def alone(layer: Any, x: Any, **arguments: Any) -> Any:
    """Self-attention of (N, T, features), without a mask."""
    return layer(x, x, **arguments) if is_attention(layer) else layer(x, **arguments)
