"""Keras on JAX."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from ....frameworks import load
from ... import tree
from ...layout import Array
from .backend import Backend, Computation, Derivative, double_precision


class JaxBackend(Backend):
    name = "jax"

    @contextmanager
    def opened(self) -> Iterator[None]:
        with _x64(), double_precision(), _attention_in_double_precision():
            yield

    def is_tensor(self, thing: Any) -> bool:
        return isinstance(thing, jax.Array)

    def is_float(self, tensor: Any) -> bool:
        return bool(jnp.issubdtype(tensor.dtype, jnp.floating))

    def tensor(self, array: Array, dtype: str | None) -> Any:
        return jnp.array(array, dtype=dtype)

    def array(self, tensor: Any) -> Array:
        return np.array(_value(tensor))

    def is_traced(self, tensor: Any) -> bool:
        return isinstance(_value(tensor), jax.core.Tracer)

    def unrolled(self) -> AbstractContextManager[Any]:
        return jax.disable_jit()

    def own(self, variable: Any, value: Array) -> None:
        variable._value = jnp.array(value)

    def differentiate(
        self, compute: Computation, weights: list[Any], state: list[Any], inputs: Any
    ) -> Derivative:
        leaves = tree.leaves(inputs)
        floats = [i for i, leaf in enumerate(leaves) if self.is_float(leaf)]
        keras = load("keras")

        def computed(values: list[Any], given: list[Any]) -> Any:
            """A pure function: variables are read and assigned in a scope of their own."""
            parts = dict(enumerate(leaves)) | dict(zip(floats, given, strict=True))
            each = iter(parts.values())
            with keras.StatelessScope(list(zip(weights, values, strict=True))) as scope:
                value, outputs = compute(tree.transform(lambda _: next(each), inputs))
            return value, (outputs, [scope.get_current_value(v) for v in state])

        derive = jax.value_and_grad(computed, argnums=(0, 1), has_aux=True)
        (value, (outputs, moved)), (of_weights, of_inputs) = derive(
            [v.value for v in weights], [leaves[i] for i in floats]
        )
        for variable, after in zip(state, moved, strict=True):
            if after is not None:
                variable.assign(after)
        return Derivative(value, outputs, of_weights, of_inputs)


@contextmanager
def _attention_in_double_precision() -> Iterator[None]:
    """JAX takes the softmax of an attention in float32, whatever its inputs are."""
    functions = load("keras.src.backend.jax.nn")
    original = functions.dot_product_attention

    def attention(query: Any, key: Any, value: Any, **options: Any) -> Any:
        mask, scale = options.get("mask"), options.get("scale")
        others = options.get("bias") is not None or options.get("attn_logits_soft_cap") is not None
        if query.dtype != jnp.float64 or others:
            return original(query, key, value, **options)
        scores = jnp.einsum("btnh,bsnh->bnts", query, key)
        scores = scores * (query.shape[-1] ** -0.5 if scale is None else scale)
        lowest = -0.7 * np.finfo(np.float64).max
        if mask is not None:
            scores = jnp.where(mask, scores, lowest)
        if options.get("is_causal"):
            scores = jnp.where(jnp.tril(jnp.ones(scores.shape[-2:], bool)), scores, lowest)
        return jnp.einsum("bnts,bsnh->btnh", jax.nn.softmax(scores, axis=-1), value)

    functions.dot_product_attention = attention
    try:
        yield
    finally:
        functions.dot_product_attention = original


def _value(tensor: Any) -> Any:
    """Of a tensor that is being differentiated, which is known unless it is compiled too."""
    while isinstance(tensor, jax.core.Tracer) and hasattr(tensor, "primal"):
        tensor = tensor.primal
    return tensor


def _x64() -> Any:
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    return load("jax.experimental").enable_x64()  # before jax 0.8
