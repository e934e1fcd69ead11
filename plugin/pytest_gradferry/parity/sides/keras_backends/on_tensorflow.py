"""Keras on TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ....frameworks import load
from ... import tree
from ...layout import Array
from .backend import Backend, Computation, Derivative
from .substitutes import substitute
from .tensorflow_resizing import exact_resizing

tf = load("tensorflow")


class TensorFlowBackend(Backend):
    name = "tensorflow"

    @contextmanager
    def opened(self) -> Iterator[None]:
        # A tf.function inside the model would keep the converted variables it traced.
        eager = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(True)
        try:
            with exact_resizing():
                yield
        finally:
            tf.config.run_functions_eagerly(eager)

    def is_tensor(self, thing: Any) -> bool:
        return bool(tf.is_tensor(thing))

    def is_float(self, tensor: Any) -> bool:
        return bool(tensor.dtype.is_floating)

    def tensor(self, array: Array, dtype: str | None) -> Any:
        return tf.constant(array, dtype=dtype)

    def array(self, tensor: Any) -> Array:
        return np.array(_dense(tensor))

    def own(self, variable: Any, value: Array) -> None:
        # Trainable whatever Keras says: a tape watches no other, and frozen weights may be thawed.
        variable._value = tf.Variable(value, name=variable.name)

    def differentiate(
        self, compute: Computation, weights: list[Any], state: list[Any], inputs: Any
    ) -> Derivative:
        watched = [t for t in tree.leaves(inputs) if self.is_float(t)]
        with tf.GradientTape() as tape:
            for tensor in watched:
                tape.watch(tensor)
            value, outputs = compute(inputs)
        found = tape.gradient(value, [*(v.value for v in weights), *watched])
        sparse = any(isinstance(g, tf.IndexedSlices) for g in found)
        dense = [_dense(g) if self.dense else g for g in found]
        return Derivative(value, outputs, dense[: len(weights)], dense[len(weights) :], sparse)

    def dropouts(self) -> list[tuple[Any, str]]:
        return [(tf.nn, "tf.nn.dropout")]

    def shuffles(self) -> list[tuple[Any, str]]:
        return [(tf.nn, "tf.nn.depth_to_space"), *super().shuffles()]

    def resizes(self) -> list[tuple[Any, str]]:
        return [(tf.image, "tf.image.resize"), *super().resizes()]

    def substitute(self, layer: Any, dtype: str) -> Callable[..., Any] | None:
        return substitute(layer, dtype)


def _dense(tensor: Any) -> Any:
    """Keras' Adam treats a repeated row of a sparse gradient apart; torch's are dense."""
    return tf.convert_to_tensor(tensor) if isinstance(tensor, tf.IndexedSlices) else tensor
