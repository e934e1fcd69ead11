"""A Keras model on TensorFlow with its training step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..frameworks import Array, TensorFlow, Undo, load
from ..keras_layers import layer_paths
from . import errors_keras, loop_keras
from .held import Held
from .trainee import (
    LossCall,
    RoundTrip,
    SmokeError,
    StepRecord,
    Trainee,
    Weight,
    leaves,
    map_arrays,
    scalar_loss,
    shapes,
    takes_targets,
)
from .watch_keras import Watcher

_SEED_STATE = "seed_generator_state"  # the name Keras gives the state of a layer's generator


class KerasTrainee(Trainee):
    """See `Trainee`."""

    def __init__(
        self, model: Any, inputs: Any, targets: Any, loss: Any, optimizer: Any, step: Any
    ) -> None:
        self.framework = self._tensorflow = TensorFlow()
        self.tf, self.keras = load("tensorflow"), load("keras")
        self.model = model
        self.inputs = loop_keras.as_tensors(inputs)
        self.targets = loop_keras.as_tensors(targets)
        self._draws_from_kernels = True  # until a watched step shows that it does not
        self._build()
        self._step: Callable[..., Any]
        self._held = Held(step) if step is not None else None
        self._calls_itself = step is not None  # the user's code, not fit's, calls the model
        if step is not None:
            self._step = step
        elif loss is not None:
            optimizer = loop_keras.make_optimizer(optimizer or "adam")
            self._step = loop_keras.make_step(model, loss, optimizer)
        elif model.compiled:
            optimizer = model.optimizer
            self._step = loop_keras.compiled_step(model)
            self._calls_itself = type(model).train_step is not self.keras.Model.train_step
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
        self._watcher = Watcher(model, self._variables, layers)
        self._watcher.on_new_optimizer = self._meet
        self._late: list[Undo] = []  # for optimizers first seen when they update
        self._optimizers = [o for o in self._known_optimizers(optimizer) if o.built]
        self._watcher.optimizers = list(self._optimizers)

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
        for held in self._held.objects if self._held else []:
            found = [held] if isinstance(held, kinds) else getattr(held, "variables", ())
            if isinstance(found, (list, tuple)):
                variables.update((id(v), v) for v in found if isinstance(v, kinds))
        undo_held = self._held.save() if self._held else None
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
            if undo_held is not None:
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

    def _reseed_layers(self, seed: int) -> None:
        for variable, start in self._seeds.values():
            variable.assign((start + np.array([seed, 0])).astype(start.dtype))

    def reseed_for_step(self, seed: int) -> None:
        self._tensorflow.seed_without_kernels(seed)
        self._reseed_layers(seed)

    # the step

    def step(self, targets: Any = None) -> float:
        __tracebackhide__ = True
        targets = self.targets if targets is None else loop_keras.as_tensors(targets)
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
            self._watcher.watch(stack, record)
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
        if self._watcher.root_call is None:
            raise SmokeError(f"the step does not call {type(self.model).__name__} itself")
        return [leaf for leaf in leaves(list(self._watcher.root_call)) if self.tf.is_tensor(leaf)]

    def predict(self, inputs: list[Array] | None = None) -> tuple[list[Array], StepRecord]:
        return self._predict(self.model, inputs)

    def _predict(
        self, model: Any, inputs: list[Array] | None = None, training: bool = False
    ) -> tuple[list[Array], StepRecord]:
        given = self._call_tensors()
        if inputs is not None:
            given = [
                self.tf.convert_to_tensor(new, dtype=old.dtype)
                for new, old in zip(inputs, given, strict=True)
            ]
        queue = iter(given)
        args, kwargs = map_arrays(
            lambda leaf: next(queue) if self.tf.is_tensor(leaf) else leaf,
            list(self._watcher.root_call or ()),
        )
        record = StepRecord()
        with self._watcher.calls_seen(record):
            output = model(*args, **{**kwargs, "training": training})
        found = [leaf for leaf in leaves(output) if self.tf.is_tensor(leaf)]
        return [self.framework.to_numpy(leaf) for leaf in found], record

    # optimizers

    def _known_optimizers(self, given: Any) -> list[Any]:
        kind = self.keras.optimizers.Optimizer
        candidates = [*leaves(given), *(self._held.objects if self._held else [])]
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

    def hidden(self) -> dict[str, tuple[str, str]]:
        return {}  # Keras tracks lists and dicts of layers

    # files

    def prepare_round_trips(self) -> None:
        self._before_training = self.values()

    def round_trips(self, folder: Path) -> Iterator[RoundTrip]:
        def weights() -> list[Array]:
            path = folder / "model.weights.h5"
            self.model.save_weights(path)
            self.assign(self._before_training)
            self.model.load_weights(path)
            return self._predict(self.model)[0]

        def whole() -> list[Array]:
            path = folder / "model.keras"
            self.model.save(path)
            loaded = self.keras.models.load_model(
                path, custom_objects=self._own_classes(), compile=False, safe_mode=False
            )
            return self._predict(loaded)[0]

        yield RoundTrip("saving and loading the weights", weights)
        yield RoundTrip(
            "saving and loading a .keras file",
            whole,
            advice=lambda error: errors_keras.loading_advice(
                errors_keras.reason(error) if error is not None else ""
            ),
            reason=errors_keras.reason,
            excused=(Exception,) if self._without_config() else (),
        )

    def _own_classes(self) -> dict[str, type[Any]]:
        """The layer classes that are not Keras' own, by name."""
        kinds = {type(layer) for layer in self.model._flatten_layers()}
        return {k.__name__: k for k in kinds if not k.__module__.startswith("keras.")}

    def _without_config(self) -> bool:
        """Whether a layer of the user's own was never meant for a file: it has no get_config."""
        return any(
            not any("get_config" in vars(base) for base in kind.__mro__ if base in own)
            for own in [set(self._own_classes().values())]
            for kind in own
        )

    # words

    clearing_advice = ("start the sum of gradients from zero after each update", "")

    def flaws(self) -> list[tuple[str, str, str, str]]:
        own = self._own_classes().values()
        if self._watcher.root_call is not None or not isinstance(self.model, tuple(own)):
            return []
        if not any("__call__" in vars(kind) for kind in type(self.model).__mro__ if kind in own):
            return []
        name = type(self.model).__name__
        return [
            (
                f"{name}'s layers ran, and Keras saw no call of {name}",
                f"{name} defines __call__, which replaces Keras' own: training= does not reach its "
                "layers, and built stays False",
                "rename __call__ to call",
                "XFR101",
            )
        ]

    def error_advice(self, error: BaseException) -> tuple[str, str, str]:
        return errors_keras.explain(error)

    def mode_advice(self, record: StepRecord, measured: str) -> list[tuple[str, str, str, str]]:
        name = type(self.model).__name__
        roots = [call for call in record.calls if call.layer == name]
        if not roots or any(call.training for call in roots):
            return []
        told = self._acting_when_told()
        resting = {call.layer for call in record.calls if call.sensitive} - _acting(record)
        if not resting & told:
            return []
        advice = []
        declared = loop_keras.takes_training(self.model)
        if self._calls_itself or declared:
            advice.append(
                (
                    measured,
                    f"{name} is called without training=True in the step; with it they act",
                    "call model(inputs, training=True) under the tape",
                    "XFR303",
                )
            )
        if not declared:
            advice.append(
                (
                    "fit would leave them off too" if advice else measured,
                    f"{name}.call has no `training` parameter, so fit calls {name} without it",
                    "declare call(self, inputs, training=None) and pass training on",
                    "XFR305",
                )
            )
        return advice

    def _acting_when_told(self) -> set[str]:
        undo = self.save()
        try:
            _, record = self._predict(self.model, training=True)
        finally:
            undo()
        return _acting(record)

    def eval_advice(self, record: StepRecord) -> tuple[str, str]:
        if record.dropouts[0].startswith("dropout"):  # Keras', in one of its layers
            return "do not call the layer with training=True", "XFR906"
        return "apply it only `if training`", "XFR311"

    def loss_advice(self, call: LossCall, given: str) -> tuple[str, str]:
        if given == "logits":
            return "pass from_logits=True, or end the model in a softmax or sigmoid", "XFR402"
        if "from_logits" in call.function:
            return (
                "let the model end without softmax or sigmoid, or pass from_logits=False",
                "XFR403",
            )
        return "drop the softmax or sigmoid before it: the function applies its own", "XFR403"


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


def _acting(record: StepRecord) -> set[str]:
    """The layers that acted as in training at least once."""
    return {call.layer for call in record.calls if call.sensitive and call.training}
