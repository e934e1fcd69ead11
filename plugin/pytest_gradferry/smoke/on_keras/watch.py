"""Watching one training step of Keras: layer calls, gradients, updates, losses and dropout.

Compiled functions run as they are written while a step is watched, so that what passes through
them can be seen; how that is done, and where gradients come from, is the backend's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import replace
from functools import partial, wraps
from types import CellType
from typing import Any
from unittest import mock

import numpy as np

from ...frameworks import Array, Undo, load
from ..record import LayerCall, LossCall, StepRecord
from ..tree import leaves
from ..verdict import carried
from .acts import ActWatcher
from .backends import Backend
from .backends.backend import DropoutFunction, LossFunction
from .sights import Settings, Strangers

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

# Keras' losses, by what they take their input for, unless told from_logits=True.
_OF_PROBABILITIES = {
    "sparse_categorical_crossentropy": "probabilities",
    "categorical_crossentropy": "probabilities",
    "binary_crossentropy": "sigmoid-probabilities",
}


class Watcher:
    """Fills a StepRecord while a step runs.  Lives over several steps, to see what is carried."""

    def __init__(
        self, backend: Backend, model: Any, variables: dict[str, Any], layers: dict[int, str]
    ) -> None:
        self.keras = load("keras")
        self.backend = backend
        self.model = model
        self.variables = variables
        self.layers = layers
        self._root = f"{layers[id(model)]} ({type(model).__name__})"
        self.names = {
            id(handle): name for name, v in variables.items() for handle in backend.handles(v)
        }
        self.optimizers: list[Any] = []
        self.acts = ActWatcher(self, StepRecord())  # of the step at hand
        self.root_call: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        self.on_new_optimizer: Callable[[Any, list[Any]], None] = lambda optimizer, held: None
        self.plain: set[str] = set()  # the names of variables that the model does not list
        self.root_output: Any = None  # of the step that is watched
        self.strangers = Strangers(model, layers, backend)
        self._settings: Settings | None = None
        self._modes: list[bool] = []  # of the calls of layers around the one at hand
        self._held: set[int] = set()  # ids of the variables that were updated
        self._used: dict[str, Array] = {}  # gradients, as the last update used them
        self._since: dict[str, Array] = {}  # gradients computed since then

    def watch(self, stack: ExitStack, record: StepRecord) -> None:
        """Patch everything until the stack closes."""
        stack.callback(setattr, self, "acts", self.acts)
        self.acts = ActWatcher(self, record)
        self.acts.watch(stack)
        self.root_output = None
        if self.backend.trains_in_place:
            self.strangers.begin()
            self._settings = Settings(record, self.model, self.variables, self.backend)
            stack.callback(self._done, record)
        self.backend.watch(stack, self, record)
        base = load("keras.src.optimizers.base_optimizer").BaseOptimizer
        self.patch(stack, base, "apply", self._on_update(record))
        scaler = self.keras.optimizers.LossScaleOptimizer
        self.patch(stack, scaler, "apply", self._on_scaled_update)
        stack.enter_context(self.calls_seen(record))

    def _done(self, record: StepRecord) -> None:
        if self._settings is not None:
            self._settings.done()
        self.strangers.tell(record, self._held)

    def save(self, record: StepRecord) -> Undo:
        """Note what has been seen; the function returned forgets what was seen since."""
        seen = vars(copy(record))
        seen |= {n: copy(v) for n, v in seen.items() if isinstance(v, (dict, list, set))}
        own = ("_held", "_used", "_since", "optimizers")
        before = {name: copy(vars(self)[name]) for name in own}
        before |= {"root_call": self.root_call, "root_output": self.root_output}

        def undo() -> None:
            vars(record).update(seen)
            vars(self).update(before)

        return undo

    @contextmanager
    def rehearsing(self, record: StepRecord) -> Iterator[None]:
        """Inside, nothing that is seen counts."""
        undo, meet = self.save(record), self.on_new_optimizer
        self.on_new_optimizer = lambda optimizer, held: None
        try:
            yield
        finally:
            self.on_new_optimizer = meet
            undo()

    @contextmanager
    def calls_seen(self, record: StepRecord) -> Iterator[None]:
        """Record layer calls, and the loss and dropout functions called inside."""
        path: list[str] = []
        with ExitStack() as stack:
            self._patch_calls(stack, record, path)
            nn, random = load("keras.src.backend").nn, load("keras.src.backend").random
            # Inside one of Keras' functions the framework's go by its name, or do not count.
            inside: list[str] = []
            for name, expects in _OF_PROBABILITIES.items():
                self.patch(stack, nn, name, self._on_loss(record, name, expects, inside))
            for loss in self.backend.loss_functions():
                self.patch(
                    stack, loss.owner, loss.name, self._on_framework_loss(record, loss, inside)
                )
            divergence = self._on_divergence(record)
            self.patch(stack, self.keras.losses.KLDivergence, "call", divergence)
            draws = [(random, "categorical"), *self.backend.drawing_functions()]
            for owner, name in draws:
                self.patch(stack, owner, name, self._on_draw(record, name))
            dropping: list[str] = []
            keras = DropoutFunction(random, "dropout", "dropout", _acts)
            for dropout in (keras, *self.backend.dropout_functions()):
                wrap = self._on_dropout(record, path, dropout, dropping)
                self.patch(stack, dropout.owner, dropout.name, wrap)
            yield

    def _patch_calls(self, stack: ExitStack, record: StepRecord, path: list[str]) -> None:
        self.patch(stack, self.keras.Operation, "__call__", self._on_call(record, path))
        layer = self.keras.layers.Layer
        self.patch(stack, layer, "stateless_call", self._on_stateless_call(record, path))

    @staticmethod
    def patch(stack: ExitStack, owner: Any, name: str, wrap: Callable[..., Any]) -> None:
        """Let `wrap(original, *args)` be called instead until the stack closes.

        A function of TensorFlow is replaced inside of the wrappers that TensorFlow has around it,
        so that it is seen whatever name it was imported by.
        """
        original = getattr(owner, name)
        cell = _wrapped_in(original)
        original = original if cell is None else cell.cell_contents

        @wraps(original, updated=())
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return wrap(original, *args, **kwargs)

        if cell is None:
            stack.enter_context(mock.patch.object(owner, name, wrapper))
        else:
            stack.callback(setattr, cell, "cell_contents", original)
            cell.cell_contents = wrapper

    def note_gradient(
        self, record: StepRecord, name: str, gradient: Array | None, tensor: Any = None
    ) -> None:
        """A backward pass computed this gradient of a weight, or none."""
        if gradient is None:
            record.fresh.setdefault(name, None)
            return
        record.stored[name] = True
        self.acts.gradient(name, gradient, tensor)
        earlier, since = record.fresh.get(name), self._since.get(name)
        record.fresh[name] = gradient if earlier is None else earlier + gradient
        self._since[name] = gradient if since is None else since + gradient

    def _on_update(self, record: StepRecord) -> Callable[..., Any]:
        def apply(
            original: Any, optimizer: Any, grads: Any, trainable_variables: Any = None
        ) -> Any:
            given = None if trainable_variables is None else list(trainable_variables)
            if given is not None and not optimizer.built:
                optimizer.build(given)
            held = optimizer._trainable_variables if given is None else given
            grads = list(grads)
            self.note_update(record, optimizer, held, grads)
            self.updating()
            with self.acts.not_seen():  # an optimizer clips by itself if told to
                result = original(optimizer, grads, given)
            self.updated()
            return result

        return apply

    def updating(self) -> None:
        """An optimizer is about to write."""
        if self._settings is not None:
            self._settings.updating()

    def updated(self) -> None:
        """An optimizer has written."""
        if self._settings is not None:
            self._settings.updated()

    def output(self) -> list[Any]:
        """What the model returned in this step, if it was one float tensor.

        And the logits behind its softmax or sigmoid, where Keras' crossentropies may start.
        """
        output = self.root_output
        if output is None or not self.backend.is_float(output):
            return []
        logits = getattr(output, "_keras_logits", None)
        return [output] if logits is None else [output, logits]

    def unasked(self, asked: set[str | None]) -> list[Any]:
        """Variables in use that the model does not list, and the step does not ask for."""
        plain = [v for name, v in self.variables.items() if name in self.plain]
        ids = {
            id(h) for v in plain for h in self.backend.handles(v) if self.names.get(id(h)) in asked
        }
        return [v for v in (*plain, *self.strangers.variables()) if id(v) not in ids]

    def note_output_gradient(self, record: StepRecord, gradients: list[Any]) -> None:
        """The gradient of a loss by the model's output, the first of these that there is."""
        gradient = next((gradient for gradient in gradients if gradient is not None), None)
        if gradient is None or (array := self.backend.array(gradient)) is None:
            return
        earlier = record.output_gradient
        record.output_gradient = array if earlier is None else earlier + array

    def _on_scaled_update(
        self, original: Any, scaler: Any, grads: Any, trainable_variables: Any = None
    ) -> Any:
        """A LossScaleOptimizer: the one inside it updates, if the gradients are finite."""
        given = list(trainable_variables) if trainable_variables is not None else None
        if given is not None and not scaler.built:
            scaler.build(given)
        if not any(known is scaler for known in self.optimizers):
            self._know(scaler, [])
        return original(scaler, grads, given)

    def _meet(self, record: StepRecord, optimizer: Any, held: list[Any]) -> None:
        if not any(known is optimizer for known in self.optimizers):
            # Beside state of its own, every one has a count of steps and a rate.
            record.first_met += len(getattr(optimizer, "variables", ())) > 2
            self._know(optimizer, held)

    def _know(self, optimizer: Any, held: list[Any]) -> None:
        self.on_new_optimizer(optimizer, held)
        self.optimizers.append(optimizer)

    def note_update(
        self, record: StepRecord, optimizer: Any, held: list[Any], gradients: list[Any]
    ) -> None:
        """An optimizer is about to update the variables it holds."""
        self._meet(record, optimizer, held)
        self._held |= {id(v) for v in held}
        record.events.append("update")
        self.acts.update(optimizer, held, gradients)
        record.optimizers.append(type(optimizer).__name__)
        for value, variable in zip(gradients, held, strict=False):
            self._note_use(record, value, variable)

    def _note_use(self, record: StepRecord, value: Any, variable: Any) -> None:
        name = self.names.get(id(variable))
        if name is None:
            record.strangers += 1
            return
        owner = self.acts.owner(value) or self.backend.owner(self, value)
        if owner is not None and owner != name:
            record.misapplied[name] = owner
        used = None if value is None else self.backend.array(value)
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
            return self._noted(record, path, layer, args, kwargs, partial(original, layer))

        return call

    def _on_stateless_call(self, record: StepRecord, path: list[str]) -> Callable[..., Any]:
        """Keras calls the layer's `call` in it, not the layer."""

        def call(original: Any, layer: Any, weights: Any, state: Any, *args: Any, **k: Any) -> Any:
            kwargs = {key: value for key, value in k.items() if key != "return_losses"}
            run = lambda *_, **__: original(layer, weights, state, *args, **k)  # noqa: E731
            return self._noted(record, path, layer, args, kwargs, run, of=lambda result: result[0])

        return call

    def _noted(
        self,
        record: StepRecord,
        path: list[str],
        layer: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        run: Callable[..., Any],
        of: Callable[[Any], Any] = lambda result: result,
    ) -> Any:
        """Run a layer's call and record it; `of` takes its outputs from what that returns."""
        given = self._tensors([args, kwargs])
        if any(self.backend.is_abstract(tensor) for tensor in given):
            return run(*args, **kwargs)  # Keras builds the model
        if self.backend.trains_in_place:
            self.strangers.called(layer, inside=any(p == self._root for p in path))
        if layer is self.model:
            if self._settings is not None and "forward" not in record.events:
                self._settings.forward()
            record.events.append("forward")
            self.acts.forward(args, kwargs)
            call = self.backend.known((args, kwargs))
            if self.root_call is None:
                self.root_call = call
        training = bool(self.training_of(layer, args, kwargs))
        around = self._modes[-1] if self._modes else False
        kind = type(layer).__name__
        name = self.layers.get(id(layer)) or str(getattr(layer, "name", kind))
        path.append(f"{name} ({kind})")
        self._modes.append(training)
        try:
            result = run(*args, **kwargs)
        finally:
            path.pop()
            self._modes.pop()
        made = self._tensors(of(result))
        floats = [tensor for tensor in made if self.backend.is_float(tensor)]
        tells = [self.backend.carries_gradient(tensor) for tensor in (*given, *floats)]
        told = None not in tells
        record.calls.append(
            LayerCall(
                layer=name,
                known=id(layer) in self.layers,
                kind=kind,
                training=training,
                told_off=around and not training and self._rests_for_good(layer),
                sensitive=self.is_sensitive(layer),
                finite=self._finite(made),
                finite_in=self._finite(given),
                grad_in=any(tells[: len(given)]) if told else None,
                grad_out=any(tells[len(given) :]) if told else None,
            )
        )
        if layer is self.model and record.outputs is None and len(made) == 1:
            record.outputs = self.backend.array(made[0])
            self.root_output = made[0]
            seen = self.backend.output_seen(self, record, made[0])
            if result is made[0]:
                return seen
            if isinstance(result, tuple) and result[0] is made[0]:  # of stateless_call
                return seen, *result[1:]
        return result

    def _rests_for_good(self, layer: Any) -> bool:
        """Whether a layer that does not act in training does nothing at all: a batch norm may have
        statistics from before."""
        if not isinstance(layer, self.keras.layers.BatchNormalization):
            return True
        mean, variance = map(self.backend.read, (layer.moving_mean, layer.moving_variance))
        return not mean.any() and bool((variance == 1).all())

    def training_of(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The mode a layer was called in; Keras has made it an argument by then."""
        return kwargs.get("training")

    def _tensors(self, tree: Any) -> list[Any]:
        return [leaf for leaf in leaves(tree) if self.backend.is_tensor(leaf)]

    def _finite(self, tensors: list[Any]) -> bool:
        floats = [tensor for tensor in tensors if self.backend.is_float(tensor)]
        arrays = [self.backend.array(tensor) for tensor in floats]
        return all(bool(np.isfinite(array).all()) for array in arrays if array is not None)

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
            shown = f"{name} (from_logits={bool(from_logits)})"
            repaired = from_logits and self.backend.repairs_logits
            inside.append(shown if repaired else "")
            try:
                result = original(target, output, from_logits, *a, **k)
            finally:
                inside.pop()
            values, value = self.backend.array(output), self.backend.array(result)
            if values is not None and value is not None and not repaired:
                takes = expects.replace("probabilities", "logits") if from_logits else expects
                record.losses.append(LossCall(shown, takes, values, float(value.mean())))
            return result

        return loss

    def _on_divergence(self, record: StepRecord) -> Callable[..., Any]:
        def call(original: Any, loss: Any, target: Any, output: Any) -> Any:
            result = original(loss, target, output)
            value = self.backend.array(result)
            for given in (target, output):
                values = self.backend.array(given)
                if values is not None and value is not None:
                    mean = float(value.mean())
                    record.losses.append(LossCall("KLDivergence", "distribution", values, mean))
            return result

        return call

    def _on_framework_loss(
        self, record: StepRecord, function: LossFunction, inside: list[str]
    ) -> Callable[..., Any]:
        def loss(original: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            shown = inside[-1] if inside else None
            if shown != "" and (call := function.note(result, *args, **kwargs)) is not None:
                record.losses.append(replace(call, function=shown or call.function))
            return result

        return loss

    @staticmethod
    def _on_draw(record: StepRecord, name: str) -> Callable[..., Any]:
        def draw(original: Any, *args: Any, **kwargs: Any) -> Any:
            record.drawn.append(name)
            return original(*args, **kwargs)

        return draw

    @staticmethod
    def _on_dropout(
        record: StepRecord, path: list[str], function: DropoutFunction, inside: list[str]
    ) -> Callable[..., Any]:
        def dropout(original: Any, *args: Any, **kwargs: Any) -> Any:
            if not inside and function.acts(*args, **kwargs):
                shown = function.shown
                record.dropouts.append(f"{shown} in {path[-1]}" if path else shown)
            inside.append(function.shown)
            try:
                return original(*args, **kwargs)
            finally:
                inside.pop()

        return dropout


def _wrapped_in(function: Any) -> CellType | None:
    """The cell in which one of TensorFlow's wrappers keeps what it calls; None for another's."""
    if not getattr(function, "__module__", "").startswith("tensorflow."):
        return None
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    cells = dict(zip(names, getattr(function, "__closure__", None) or (), strict=False))
    return next((cells[name] for name in ("fn", "op") if name in cells), None)


def _acts(x: Any, rate: Any, *args: Any, **kwargs: Any) -> bool:
    return bool(np.ndim(rate)) or float(rate) > 0
