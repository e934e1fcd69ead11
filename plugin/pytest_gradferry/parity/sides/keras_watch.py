"""What is to be seen inside one call of a Keras layer, beside what it returns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import numpy as np

from ...frameworks import load
from ..layout import Array

keras = load("keras")
ops = keras.ops


@dataclass
class Seen:
    """`output` is the counterpart of torch's where the layer returns something else (activated, or
    only the last step); None where it is what the layer returns."""

    output: Any = None
    detail: dict[str, Any] = field(default_factory=dict)


@contextmanager
def watched(
    layer: Any, mask: Array | None = None, states: list[Array] | None = None
) -> Iterator[Seen]:
    """`mask` and `states` take the place of an attention's, of a recurrent layer's first ones."""
    seen = Seen()
    if isinstance(layer, keras.layers.MultiHeadAttention):
        watch = _attention(layer, mask, seen)
    elif directions(layer):
        watch = _sequence(layer, states, seen)
    else:
        watch = _activation(layer, seen)
    with watch:
        yield seen


@contextmanager
def _activation(layer: Any, seen: Seen) -> Iterator[None]:
    """What a layer hands to its own `activation=`."""
    activation = getattr(layer, "activation", None)
    if activation in (None, keras.activations.linear) or not hasattr(layer, "kernel"):
        yield
        return

    @wraps(activation)
    def spied(x: Any, *args: Any, **kwargs: Any) -> Any:
        seen.output = x
        return activation(x, *args, **kwargs)

    layer.__dict__["activation"] = spied
    try:
        yield
    finally:
        layer.__dict__["activation"] = activation


def directions(layer: Any) -> list[Any]:
    """The layers inside, the one that runs forward first; empty for what is not recurrent."""
    if isinstance(layer, keras.layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    return [layer] if isinstance(layer, keras.layers.RNN) else []


@contextmanager
def _sequence(layer: Any, forced: list[Array] | None, seen: Seen) -> Iterator[None]:
    """The whole sequence, (N, T, H) or both directions' side by side, and the states before it."""
    sequences: list[Any] = []
    states: list[Array] = []
    inside = directions(layer)
    share = 0 if forced is None else len(forced) // len(inside)
    with ExitStack() as stack:
        for i, inner in enumerate(inside):
            given = None if forced is None else forced[i * share : (i + 1) * share]
            stack.enter_context(_loop(inner, given, sequences, states))
        yield
    if len(sequences) == 2:
        seen.output = ops.concatenate([sequences[0], ops.flip(sequences[1], 1)], -1)
    elif sequences:
        seen.output = sequences[0]
    seen.detail["states"] = states


@contextmanager
def _loop(
    layer: Any, forced: list[Array] | None, sequences: list[Any], states: list[Array]
) -> Iterator[None]:
    loop = layer.inner_loop

    def seen(*, initial_state: Any, **kwargs: Any) -> Any:
        states.extend(ops.convert_to_numpy(s) for s in keras.tree.flatten(initial_state))
        if forced is not None:
            initial_state = [ops.convert_to_tensor(s, layer.compute_dtype) for s in forced]
        wanted = layer.return_sequences
        layer.__dict__["return_sequences"] = True  # the loop keeps no more than it is to return
        try:
            last, sequence, final = loop(initial_state=initial_state, **kwargs)
        finally:
            layer.__dict__["return_sequences"] = wanted
        sequences.append(sequence)
        return last, sequence, final

    with _replaced(layer, "inner_loop", seen):
        yield


@contextmanager
def _replaced(layer: Any, method: str, function: Any) -> Iterator[None]:
    """Maybe in place of another replacement: a layer is watched again by the wrapper it is in."""
    before = layer.__dict__.get(method)
    layer.__dict__[method] = function
    try:
        yield
    finally:
        if before is None:
            del layer.__dict__[method]
        else:
            layer.__dict__[method] = before


@contextmanager
def _attention(layer: Any, forced: Array | None, seen: Seen) -> Iterator[None]:
    """What it blocks, its own masks and those of its inputs taken together."""
    attend = layer._compute_attention

    def called(query: Any, key: Any, value: Any, attention_mask: Any = None, *a: Any, **kw: Any):  # type: ignore[no-untyped-def]
        if kw.get("use_causal_mask"):
            causal = layer._compute_causal_mask(query, value)
            own = None if attention_mask is None else ops.cast(attention_mask, "bool")
            attention_mask = causal if own is None else ops.logical_and(own, causal)
            kw = kw | {"use_causal_mask": False}
        if attention_mask is not None:
            blocked = ~np.array(ops.convert_to_numpy(attention_mask)).astype(bool)
            seen.detail["blocked"] = blocked[:, None] if blocked.ndim == 3 else blocked
        if forced is not None:
            shape = (query.shape[0], query.shape[2], query.shape[1], key.shape[1])
            attention_mask = ops.convert_to_tensor(~np.broadcast_to(forced, shape))
        if on == "jax" and len(a) == 2:  # its own attention has float32 scores, Keras' has not
            a = (a[0], not layer._flash_attention)
        return attend(query, key, value, attention_mask, *a, **kw)

    scale, on = layer._inverse_sqrt_key_dim, keras.backend.backend()
    if on != "torch":  # elsewhere a plain float goes through float32
        dtype = layer.compute_dtype
        layer.__dict__["_inverse_sqrt_key_dim"] = ops.convert_to_tensor(np.array(scale), dtype)
    try:
        with _replaced(layer, "_compute_attention", called):
            yield
    finally:
        layer.__dict__["_inverse_sqrt_key_dim"] = scale
