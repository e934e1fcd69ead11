"""A Keras model on TensorFlow with its training step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from ...frameworks import Array, TensorFlow, Undo, load
from ...keras_layers import layer_paths
from ..errors import SmokeError
from ..held import Held
from ..record import StepRecord, Weight
from ..trainee import Trainee, scalar_loss, takes_targets
from ..tree import leaves, map_arrays, shapes
from . import loop
from .advice import KerasAdvice
from .compiling import KerasCompiling, own_attributes_of_keras
from .files import KerasFiles
from .watch import Watcher

_SEED_STATE = "seed_generator_state"  # the name Keras gives the state of a layer's generator


class KerasTrainee(Trainee):
    """See `Trainee`."""

    def __init__(
        self, model: Any, inputs: Any, targets: Any, loss: Any, optimizer: Any, step: Any
    ) -> None:
        self.framework = self._tensorflow = TensorFlow()
        self.tf, self.keras = load("tensorflow"), load("keras")
        self.model = model
        self.inputs = loop.as_tensors(inputs)
        self.targets = loop.as_tensors(targets)
        self._draws_from_kernels = True  # until a watched step shows that it does not
        self._build()
        self._step: Callable[..., Any]
        self._held = self._reached_from(step)
        self.calls_itself = step is not None  # the user's code, not fit's, calls the model
        if step is not None:
            self._step = step
        elif loss is not None:
            optimizer = loop.make_optimizer(optimizer or "adam")
            self._step = loop.make_step(model, loss, optimizer)
        elif model.compiled:
            optimizer = model.optimizer
            self._step = loop.compiled_step(model)
            self.calls_itself = type(model).train_step is not self.keras.Model.train_step
        else:
            raise SmokeError(
                "nothing says how to train: compile the model, pass loss=..., e.g. "
                "loss='cross_entropy', or the step function of your own, step=..."
            )
        layers = _layer_names(model)
        self._variables, self.weights = _weights(model, layers)
        if not any(weight.trainable for weight in self.weights.values()):
            raise SmokeError(
                f"{type(model).__name__} has no trainable weight: nothing can be trained. Are the "
                "layers attributes of the model, and is trainable set?"
            )
        self._seeds = {
            id(v): (v, np.array(v.numpy())) for v in model.variables if v.name == _SEED_STATE
        }
        self.watcher = Watcher(model, self._variables, layers)
        self.watcher.on_new_optimizer = self._meet
        self._late: list[Undo] = []  # for optimizers first seen when they update
        self._optimizers = [o for o in self._known_optimizers(optimizer) if o.built]
        self.watcher.optimizers = list(self._optimizers)
        self.advice = KerasAdvice(self)
        self.files = KerasFiles(self)
        self.compiling = KerasCompiling(self, self._held.places)

    def _reached_from(self, step: Any) -> Held:
        """What the step, or the model's own train_step, and layers of the user's own keep."""
        if step is None and type(self.model).train_step is not self.keras.Model.train_step:
            step = self.model.train_step
        own = tuple(self.own_classes().values())
        layers = [layer for layer in self.model._flatten_layers() if isinstance(layer, own)]
        return Held(step, layers, own_attributes_of_keras())

    def _build(self) -> None:
        """A model without weights has nothing to note: call it once."""
        __tracebackhide__ = True
        if self.model.built and self.model.variables:
            return
        try:
            self.model(self.inputs, training=False)
        except Exception as error:
            raise SmokeError(
                f"{self.title} is not built, and raised when called on inputs "
                f"{shapes(self.inputs)}:\n{type(error).__name__}: {error}"
            ) from error

    # state

    def save(self) -> Undo:
        variables = {id(v): v for v in self.model.variables}
        for optimizer in self._optimizers:
            variables.update((id(v), v) for v in optimizer.variables)
        kinds = (self.keras.Variable, self.tf.Variable)
        for held in self._held.objects:
            found = [held] if isinstance(held, kinds) else getattr(held, "variables", ())
            if isinstance(found, (list, tuple)):
                variables.update((id(v), v) for v in found if isinstance(v, kinds))
        undo_held = self._held.save()
        values = [(v, v.numpy()) for v in variables.values()]
        metrics = list(getattr(self.model, "metrics", []))
        unbuilt = [metric for metric in metrics if not metric.variables]

        def undo() -> None:
            for variable, value in values:
                variable.assign(value)
            for late in self._late:
                late()
            for metric in unbuilt:
                metric.reset_state()
            undo_held()

        return undo

    @property
    def title(self) -> str:
        return f"{type(self.model).__name__} (keras)"

    def values(self) -> dict[str, Array]:
        return {name: np.array(v.numpy()) for name, v in self._variables.items()}

    def assign(self, values: dict[str, Array]) -> None:
        for name, value in values.items():
            self._variables[name].assign(value)

    def reseed(self, seed: int) -> None:
        if self._draws_from_kernels:
            self.framework.seed(seed)
        else:
            self._tensorflow.seed_without_kernels(seed)
        self._reseed_layers(seed)

    def draws_unseeded(self) -> bool:
        """Whether the last step drew from a generator that belongs to no layer."""
        table = load("keras.src.backend.common.global_state")
        drawn = table.get_global_attribute("global_seed_generator") is not None
        return drawn or self._draws_from_kernels

    def _reseed_layers(self, seed: int) -> None:
        for variable, start in self._seeds.values():
            variable.assign((start + np.array([seed, 0])).astype(start.dtype))

    def reseed_for_step(self, seed: int) -> None:
        self._tensorflow.seed_without_kernels(seed)
        self._reseed_layers(seed)

    # the step

    def step(self, targets: Any = None) -> float:
        __tracebackhide__ = True
        targets = self.targets if targets is None else loop.as_tensors(targets)
        if takes_targets(self._step):
            value = self._step(self.inputs, targets)
        else:
            value = self._step(self.inputs)
        return scalar_loss(value, self.framework)

    @contextmanager
    def watch(self) -> Iterator[StepRecord]:
        record = StepRecord()
        before, drawn = self.values(), self._tensorflow.drawn()
        with ExitStack() as stack:
            self.watcher.watch(stack, record)
            yield record
        self._draws_from_kernels = drawn != self._tensorflow.drawn()
        if "update" not in record.events:
            after = self.values()
            moved = [
                w.name
                for w in self.weights.values()
                if w.trainable and not np.array_equal(before[w.name], after[w.name])
            ]
            if moved:  # by assign_sub and the like
                record.events.append("update")
                record.used.update(dict.fromkeys(moved, True))

    def call_leaves(self) -> list[Array]:
        return [self.framework.to_numpy(leaf) for leaf in self._call_tensors()]

    def _call_tensors(self) -> list[Any]:
        if self.watcher.root_call is None:
            raise SmokeError(f"the step does not call {type(self.model).__name__} itself")
        return [leaf for leaf in leaves(list(self.watcher.root_call)) if self.tf.is_tensor(leaf)]

    def predict(self, inputs: list[Array] | None = None) -> tuple[list[Array], StepRecord]:
        return self.predict_with(self.model, inputs)

    def predict_with(
        self, model: Any, inputs: list[Array] | None = None, training: bool = False
    ) -> tuple[list[Array], StepRecord]:
        """`predict` by another model of the same class, or in training mode."""
        given = self._call_tensors()
        if inputs is not None:
            given = [
                self.tf.convert_to_tensor(new, dtype=old.dtype)
                for new, old in zip(inputs, given, strict=True)
            ]
        queue = iter(given)
        args, kwargs = map_arrays(
            lambda leaf: next(queue) if self.tf.is_tensor(leaf) else leaf,
            list(self.watcher.root_call or ()),
        )
        record = StepRecord()
        with self.watcher.calls_seen(record):
            output = model(*args, **{**kwargs, "training": training})
        found = [leaf for leaf in leaves(output) if self.tf.is_tensor(leaf)]
        return [self.framework.to_numpy(leaf) for leaf in found], record

    # optimizers

    def _known_optimizers(self, given: Any) -> list[Any]:
        kind = self.keras.optimizers.Optimizer
        candidates = [*leaves(given), *self._held.objects]
        found: list[Any] = []
        for candidate in candidates:
            if isinstance(candidate, kind) and not any(candidate is known for known in found):
                found.append(candidate)
        return found

    def _meet(self, optimizer: Any, held: list[Any]) -> None:
        """An optimizer seen for the first time, built just now: note its state and its weights."""
        self._optimizers.append(optimizer)
        values = [(v, v.numpy()) for v in (*optimizer.variables, *held)]

        def undo() -> None:
            for variable, value in values:
                variable.assign(value)

        self._late.append(undo)

    def learning_rates(self) -> list[float]:
        schedule = self.keras.optimizers.schedules.LearningRateSchedule
        if any(isinstance(o._learning_rate, schedule) for o in self._optimizers):
            return []
        return [float(optimizer.learning_rate) for optimizer in self._optimizers]

    def scale_learning_rates(self, factor: float) -> None:
        for optimizer in self._optimizers:
            optimizer.learning_rate.assign(float(optimizer.learning_rate) * factor)

    def own_classes(self) -> dict[str, type[Any]]:
        """The layer classes that are not Keras' own, by name."""
        kinds = {type(layer) for layer in self.model._flatten_layers()}
        return {k.__name__: k for k in kinds if not k.__module__.startswith("keras.")}

    def hidden(self) -> dict[str, tuple[str, str]]:
        return {}  # Keras tracks lists and dicts of layers


def _layer_names(model: Any) -> dict[int, str]:
    """Every layer's name by its id; the model goes by its class, as its attributes never do."""
    paths = layer_paths(model) | {id(model): type(model).__name__}
    return {id(layer): paths.get(id(layer), layer.name) for layer in model._flatten_layers()}


def _weights(model: Any, layers: dict[int, str]) -> tuple[dict[str, Any], dict[str, Weight]]:
    """Every weight by a short name that is unique, its own layer's name in front."""
    variables: dict[str, Any] = {}
    weights: dict[str, Weight] = {}
    seen: set[int] = set()
    for layer in model._flatten_layers():
        for variable in layer._trainable_variables:
            if id(variable) in seen:
                continue
            seen.add(id(variable))
            short = f"{layers[id(layer)]}/{variable.name}"
            name = short if short not in variables else variable.path
            variables[name] = variable
            weights[name] = Weight(name, layers[id(layer)], bool(variable.trainable))
    return variables, weights
