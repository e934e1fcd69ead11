"""Watching one training step of Keras on TensorFlow.

Every tf.function runs eagerly while it is watched, so that what passes through it can be seen:
layer calls, gradients from tapes, updates of optimizers, loss and dropout functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import numpy as np

from ...frameworks import Array, get, load
from ..record import LayerCall, LossCall, StepRecord
from ..tree import leaves
from ..verdict import carried

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

# TensorFlow's functions of logits, and Keras' of probabilities (unless told from_logits=True, when
# they call TensorFlow's, or repair what they are given).
_OF_LOGITS = {
    "sparse_softmax_cross_entropy_with_logits": "logits",
    "softmax_cross_entropy_with_logits": "logits",
    "sigmoid_cross_entropy_with_logits": "sigmoid-logits",
}
_OF_PROBABILITIES = {
    "sparse_categorical_crossentropy": "probabilities",
    "categorical_crossentropy": "probabilities",
    "binary_crossentropy": "sigmoid-probabilities",
}


class Watcher:
    """Fills a StepRecord while a step runs.  Lives over several steps, to see what is carried."""

    def __init__(self, model: Any, variables: dict[str, Any], layers: dict[int, str]) -> None:
        self.tf, self.keras = load("tensorflow"), load("keras")
        self.framework = get("tensorflow")
        self.model = model
        self.layers = layers
        # Keras' variables and TensorFlow's underneath: a tape takes either
        self.names = {id(v): name for name, v in variables.items()}
        self.names.update({id(v.value): name for name, v in variables.items()})
        self.optimizers: list[Any] = []
        self.root_call: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        self.on_new_optimizer: Callable[[Any, list[Any]], None] = lambda optimizer, held: None
        self._used: dict[str, Array] = {}  # gradients, as the last update used them
        self._since: dict[str, Array] = {}  # gradients computed since then

    def watch(self, stack: ExitStack, record: StepRecord) -> None:
        """Patch everything until the stack closes."""
        config = self.tf.config
        stack.callback(config.run_functions_eagerly, config.functions_run_eagerly())
        config.run_functions_eagerly(True)
        self._patch(stack, self.tf.GradientTape, "gradient", self._on_gradient(record))
        base = load("keras.src.optimizers.base_optimizer").BaseOptimizer
        self._patch(stack, base, "apply", self._on_update(record))
        stack.enter_context(self.calls_seen(record))

    @contextmanager
    def calls_seen(self, record: StepRecord) -> Iterator[None]:
        """Record layer calls, and the loss and dropout functions called inside."""
        path: list[str] = []
        with ExitStack() as stack:
            self._patch(stack, self.keras.Operation, "__call__", self._on_call(record, path))
            nn, random = load("keras.src.backend").nn, load("keras.src.backend").random
            # Inside one of Keras' functions TensorFlow's go by its name, or do not count.
            inside: list[str] = []
            for name, expects in _OF_PROBABILITIES.items():
                self._patch(stack, nn, name, self._on_loss(record, name, expects, inside))
            for name, expects in _OF_LOGITS.items():
                self._patch(stack, self.tf.nn, name, self._on_logits(record, name, expects, inside))
            self._patch(stack, random, "dropout", self._on_dropout(record, path, "dropout"))
            self._patch(
                stack, self.tf.nn, "dropout", self._on_dropout(record, path, "tf.nn.dropout")
            )
            yield

    @staticmethod
    def _patch(stack: ExitStack, owner: Any, name: str, wrap: Callable[..., Any]) -> None:
        original = getattr(owner, name)

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return wrap(original, *args, **kwargs)

        stack.enter_context(mock.patch.object(owner, name, wrapper))

    def _on_gradient(self, record: StepRecord) -> Callable[..., Any]:
        def gradient(original: Any, tape: Any, target: Any, sources: Any, *a: Any, **k: Any) -> Any:
            result = original(tape, target, sources, *a, **k)
            asked = {self.names.get(id(source)) for source in leaves(sources)}
            record.asked = (record.asked or set()) | {name for name in asked if name}
            for source, value in zip(leaves(sources), leaves(result), strict=False):
                name = self.names.get(id(source))
                if name is None:
                    continue
                if value is None:
                    record.fresh.setdefault(name, None)
                    continue
                array = self.framework.to_numpy(value)
                earlier = record.fresh.get(name)
                record.fresh[name] = array if earlier is None else earlier + array
                since = self._since.get(name)
                self._since[name] = array if since is None else since + array
            if asked - {None}:
                record.events.append("backward")
            return result

        return gradient

    def _on_update(self, record: StepRecord) -> Callable[..., Any]:
        def apply(original: Any, optimizer: Any, grads: Any, variables: Any = None) -> Any:
            held = list(variables) if variables is not None else None
            if not any(known is optimizer for known in self.optimizers):
                if not optimizer.built and held is not None:
                    optimizer.build(held)
                self.on_new_optimizer(optimizer, held or [])
                self.optimizers.append(optimizer)
            record.events.append("update")
            record.optimizers.append(type(optimizer).__name__)
            grads = list(grads)
            for value, variable in zip(grads, held or [], strict=False):
                self._note_use(record, value, variable)
            return original(optimizer, grads, held)

        return apply

    def _note_use(self, record: StepRecord, value: Any, variable: Any) -> None:
        name = self.names.get(id(variable))
        if name is None:
            record.strangers += 1
            return
        used = None if value is None else self.framework.to_numpy(value)
        record.used[name] = used is not None and bool(used.any())
        since, before = self._since.pop(name, None), self._used.pop(name, None)
        if used is None or not record.used[name]:
            return
        self._used[name] = used
        if since is not None and before is not None:
            difference = carried(used, before, since)
            if difference is not None:
                record.carried[name] = difference

    def _on_call(self, record: StepRecord, path: list[str]) -> Callable[..., Any]:
        def call(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
            if not isinstance(layer, self.keras.layers.Layer):
                return original(layer, *args, **kwargs)
            if layer is self.model:
                record.events.append("forward")
                if self.root_call is None:
                    self.root_call = (args, kwargs)
            name = self.layers.get(id(layer), layer.name)
            path.append(f"{name} ({type(layer).__name__})")
            try:
                result = original(layer, *args, **kwargs)
            finally:
                path.pop()
            tensors = [leaf for leaf in leaves(result) if self.tf.is_tensor(leaf)]
            record.calls.append(
                LayerCall(
                    layer=name,
                    kind=type(layer).__name__,
                    training=bool(kwargs.get("training")),
                    sensitive=self.is_sensitive(layer),
                    finite=self._finite(result),
                    finite_in=self._finite([args, kwargs]),
                )
            )
            first = layer is self.model and record.outputs is None
            if first and len(tensors) == 1 and hasattr(tensors[0], "numpy"):
                record.outputs = self.framework.to_numpy(tensors[0])
            return result

        return call

    def _finite(self, tree: Any) -> bool:
        tensors = [leaf for leaf in leaves(tree) if self.tf.is_tensor(leaf)]
        eager = [t for t in tensors if hasattr(t, "numpy") and t.dtype.is_floating]
        return all(bool(np.isfinite(self.framework.to_numpy(t)).all()) for t in eager)

    def is_sensitive(self, layer: Any) -> bool:
        """Whether a layer acts differently in training and in evaluation."""
        layers = self.keras.layers
        spatial = (layers.SpatialDropout1D, layers.SpatialDropout2D, layers.SpatialDropout3D)
        noisy = (layers.Dropout, layers.GaussianDropout, layers.AlphaDropout)
        if isinstance(layer, (*noisy, *spatial)):
            return bool(layer.rate)
        if isinstance(layer, layers.GaussianNoise):
            return bool(layer.stddev)
        return isinstance(layer, layers.BatchNormalization) and bool(layer.trainable)

    def _on_loss(
        self, record: StepRecord, name: str, expects: str, inside: list[str]
    ) -> Callable[..., Any]:
        def loss(
            original: Any, target: Any, output: Any, from_logits: bool = False, *a: Any, **k: Any
        ) -> Any:
            inside.append(f"{name} (from_logits=True)" if from_logits else "")
            try:
                result = original(target, output, from_logits, *a, **k)
            finally:
                inside.pop()
            if not from_logits:
                self._note_loss(record, f"{name} (from_logits=False)", expects, output, result)
            return result

        return loss

    def _on_logits(
        self, record: StepRecord, name: str, expects: str, inside: list[str]
    ) -> Callable[..., Any]:
        def loss(original: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            function = inside[-1] if inside else f"tf.nn.{name}"
            if function:
                logits = kwargs.get("logits", args[1] if len(args) > 1 else None)
                self._note_loss(record, function, expects, logits, result)
            return result

        return loss

    def _note_loss(
        self, record: StepRecord, function: str, expects: str, given: Any, result: Any
    ) -> None:
        if not (hasattr(given, "numpy") and hasattr(result, "numpy")):
            return  # symbolic: a graph in the making
        values, value = self.framework.to_numpy(given), self.framework.to_numpy(result)
        record.losses.append(LossCall(function, expects, values, float(value.mean())))

    @staticmethod
    def _on_dropout(record: StepRecord, path: list[str], name: str) -> Callable[..., Any]:
        def dropout(original: Any, x: Any, rate: Any, *args: Any, **kwargs: Any) -> Any:
            if np.ndim(rate) or float(rate) > 0:
                record.dropouts.append(f"{name} in {path[-1]}" if path else name)
            return original(x, rate, *args, **kwargs)

        return dropout
