"""A Keras model with its training step, on any backend."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ...frameworks import Array, Undo, load
from ...keras_layers import layer_paths, layers_of
from ..advice import Advice
from ..errors import SmokeError
from ..files import Files
from ..growth import Ledger
from ..held import Held
from ..record import StepRecord, Weight
from ..trainee import Trainee, scalar_loss, takes_targets
from ..tree import leaves, map_arrays, shapes
from . import backends, layer_losses, loop
from .advice import KerasAdvice
from .files import KerasFiles
from .state import no_new_tensorflow, save_policy, save_training
from .watch import Watcher

if TYPE_CHECKING:
    from ..evidence import Evidence

# What compiling and training a Keras model sets on it.
_OF_MODEL = (
    *("compiled", "loss", "optimizer", "history", "steps_per_execution"),
    *("train_function", "test_function", "predict_function", "unrolled_steps_per_execution"),
    *("stop_training", "stop_evaluating", "stop_predicting"),
)

# Keras' warning of a model whose `call` leaves parts of it out; they are built as it trains.
_PARTS_UNBUILT = r"`build\(\)` was called on layer"

_SEED_STATE = "seed_generator_state"  # the name Keras gives the state of a layer's generator


class KerasTrainee(Trainee):
    """See `Trainee`."""

    is_fitted = True

    def __init__(
        self,
        model: Any,
        inputs: Any,
        targets: Any,
        loss: Any,
        optimizer: Any,
        step: Any,
        sample_weight: Any = None,
        class_weight: Any = None,
    ) -> None:
        self.backend = backends.current()
        self.framework = self.backend.framework
        self.keras = load("keras")
        self.model = model
        self.inputs = loop.as_tensors(inputs, self.backend, self._takes_text())
        self.targets = loop.as_tensors(targets, self.backend)
        self.weighing = loop.weighing(sample_weight, class_weight, self.backend)
        self.fitted = step is None and loss is None and bool(getattr(model, "compiled", False))
        if self.weighing and not self.fitted:
            raise SmokeError(
                "sample_weight and class_weight are what fit of a compiled model takes: weigh the "
                "loss in your step, or compile the model"
            )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=_PARTS_UNBUILT)
            self._build()
        if self.fitted:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the step itself will warn
                self._build_by_training()
        self._step: Callable[..., Any]
        self._layers = layers = self._name_layers()
        self.held = self._look_for_held(step, layers)
        self.own_step = step is not None
        self.calls_itself = self.own_step  # the user's code, not fit's, calls the model
        if step is not None:
            self._step = step
        elif loss is not None:
            optimizer = loop.make_optimizer(optimizer or "adam")
            value = loop.loss_value(model, loss, self.backend, self._told_of_training())
            self._step = self.backend.make_step(model, value, optimizer)
        elif self.fitted:
            optimizer = model.optimizer
            self._step = self.backend.compiled_step(model, self.weighing)
            self.calls_itself = type(model).train_step is not self.keras.Model.train_step
        else:
            raise SmokeError(
                "nothing says how to train: compile the model, pass loss=..., e.g. "
                "loss='cross_entropy', or the step function of your own, step=..."
            )
        self.variables, self.weights = self._name_weights(layers)
        self._plain = self._find_plain(layers)
        self.variables |= self._plain
        if not any(weight.trainable for weight in self.weights.values()):
            raise SmokeError(
                f"{type(model).__name__} has no trainable weight: nothing can be trained. "
                f"{self._why_no_weights()}"
            )
        self._at_the_end = [save_policy(), no_new_tensorflow()]
        if step is None:
            self._at_the_end.append(save_training(model, leaves(optimizer), self.backend))
        self.watcher = self._make_watcher(layers)
        self.watcher.on_new_optimizer = self._meet
        self.watcher.plain = set(self._plain)
        self._late: list[Undo] = []  # for optimizers first seen when they update
        self._strangers: list[Any] = []  # what those update
        self._reachable = self._known_optimizers(optimizer)
        self.optimizers = [o for o in self._reachable if getattr(o, "built", True)]
        self.watcher.optimizers = list(self.optimizers)
        self.advice, self.files = self._make_parts()
        self.compiling = self.backend.compiling(self)
        self.precision = self.backend.precision(self)
        self.parallel = self.backend.parallel(self)
        self._at_the_end.append(self.backend.find_state(self))
        self._seeds = {
            id(v): (v, self.backend.read(v)) for v in model.variables if v.name == _SEED_STATE
        }

    def _takes_text(self) -> bool:
        """Whether the model turns text into numbers itself."""
        layers = self.keras.layers
        kinds = (layers.TextVectorization, layers.StringLookup, layers.Hashing)
        return self.backend.takes_text and any(
            isinstance(layer, kinds) for layer in self.keras_layers()
        )

    def _build(self) -> None:
        """A model without weights has nothing to note: call it once, if it can be called."""
        __tracebackhide__ = True
        if self.model.built and self.model.variables:
            return
        kind, plain = type(self.model), self.keras.Model
        if kind.call is plain.call and kind.__call__ is plain.__call__:
            return  # its train_step calls the parts, a GAN's two nets, say
        try:
            with self.backend.evaluating():
                self.model(self.inputs, training=False)
        except Exception as error:
            raise SmokeError(
                f"{self.title} is not built, and raised when called on inputs "
                f"{shapes(self.inputs)}:\n{type(error).__name__}: {error}"
            ) from error

    def _build_by_training(self) -> None:
        """Parts that only `train_step` calls, a projection head, say, are built by running it."""
        if all(layer.built for layer in self.keras_layers() if layer is not self.model):
            return
        undo = self._look_for_held(None, self._name_layers()).save()
        try:
            weights = self.weighing.of(self.targets)
            batch = backends.packed(self.inputs, self.targets, weights)
            self.backend.build_by_step(self.model, batch)
        finally:
            undo()

    def _look_for_held(self, step: Any, layers: dict[int, str]) -> Held:
        root = type(self.model).__name__
        owners = {
            root if part is self.model else f"{root}.{layers[id(part)]}": part
            for part in self.parts()
        }
        ignored = {*vars(self.keras.Model()), *_OF_MODEL}
        ignored |= {n for part in owners.values() for n in vars(part) if n.startswith("_self_")}
        return Held(step, owners, self.backend.again, frozenset(ignored))

    # what is a module's otherwise than a model's

    def keras_layers(self) -> list[Any]:
        """The Keras layers of the model; a tf.Module lists none."""
        return layers_of(self.model)

    def parts(self) -> list[Any]:
        """The model and the layers in it."""
        return self.keras_layers()

    def _name_layers(self) -> dict[int, str]:
        return _layer_names(self.model)

    def _name_weights(self, layers: dict[int, str]) -> tuple[dict[str, Any], dict[str, Weight]]:
        return _weights(self.model, layers)

    def _find_plain(self, layers: dict[int, str]) -> dict[str, Any]:
        return self.backend.plain_variables(self.model, layers)

    def _why_no_weights(self) -> str:
        return "Are the layers attributes of the model, and is trainable set?"

    def _make_watcher(self, layers: dict[int, str]) -> Watcher:
        return Watcher(self.backend, self.model, self.variables, layers)

    def _make_parts(self) -> tuple[Advice, Files]:
        return KerasAdvice(self), KerasFiles(self)

    def _told_of_training(self) -> dict[str, bool]:
        """How `fit` calls the model."""
        return self.mode(training=True) if loop.takes_training(self.model) else {}

    def mode(self, training: bool) -> dict[str, bool]:
        """The argument that calls the model in training or in evaluation."""
        return {"training": training}

    # state

    def save(self) -> Undo:
        metrics_variables = getattr(self.model, "metrics_variables", ())
        variables = {id(v): v for v in (*self.model.variables, *metrics_variables)}
        variables.update((id(v), v) for v in self._plain.values())
        variables.update((id(v), v) for v in self.recurrent_states(self.model))
        undos = [self.backend.save_optimizer(optimizer, ()) for optimizer in self.optimizers]
        is_variable = self.backend.is_variable
        for held in self.held.objects:
            undos += self.backend.save_other(held)
            if isinstance(held, self.keras.layers.Layer):
                undos.append(self.backend.save_model(held))
            found = [held] if is_variable(held) else getattr(held, "variables", ())
            if isinstance(found, (list, tuple)):
                variables.update((id(v), v) for v in found if is_variable(v))
        variables.update((id(v), v) for v in self._strangers)
        undos += [self.backend.save_variables(variables.values())]
        undos += [self.backend.save_model(self.model)]
        undos += [self.held.save()]
        metrics = list(getattr(self.model, "metrics", []))
        unbuilt = [metric for metric in metrics if not metric.variables]
        known = len(self._late)

        def undo() -> None:
            for each in (*undos, *self._late[known:]):
                each()
            for metric in unbuilt:
                metric.reset_state()

        return undo

    def release(self) -> None:
        for undo in self._at_the_end:
            undo()

    def recurrent_states(self, model: Any) -> list[Any]:
        """Of stateful recurrent layers: in none of Keras' lists of variables, and in no file."""
        states = [getattr(layer, "states", None) for layer in model._flatten_layers()]
        return [state for state in leaves(states) if self.backend.is_variable(state)]

    @contextmanager
    def _states_zero(self, model: Any) -> Iterator[None]:
        """A prediction starts from states of zero, and leaves them as they were."""
        states = self.recurrent_states(model)
        undo = self.backend.save_variables(states)
        for state in states:
            self.backend.write(state, np.zeros_like(self.backend.read(state)))
        try:
            yield
        finally:
            undo()

    @property
    def title(self) -> str:
        backend = self.keras.backend.backend()
        on = "" if backend == "tensorflow" else f" on {backend}"
        return f"{type(self.model).__name__} (keras{on})"

    def values(self) -> dict[str, Array]:
        return {name: self.backend.read(v) for name, v in self.variables.items()}

    def assign(self, values: dict[str, Array]) -> None:
        for name, value in values.items():
            self.backend.write(self.variables[name], value)

    def reseed(self, seed: int) -> None:
        self.backend.reseed(seed)
        self._reseed_layers(seed)

    def reseed_for_step(self, seed: int) -> None:
        self.backend.reseed_for_step(seed)
        self._reseed_layers(seed)

    def _reseed_layers(self, seed: int) -> None:
        for variable, start in self._seeds.values():
            self.backend.write(variable, (start + np.array([seed, 0])).astype(start.dtype))

    def seeds_now(self) -> list[Array]:
        """The state of the layers' own generators, which each draw changes."""
        return [self.backend.read(variable) for variable, _ in self._seeds.values()]

    @contextmanager
    def without_weights(self) -> Iterator[bool]:
        given = self.weighing.of(self.targets) if self.weighing else None
        if given is None or bool(np.all(self.framework.to_numpy(leaves(given)[0]) == 1)):
            yield False
            return
        with self.weighing.all_one():
            yield True

    # the step

    def step(self, targets: Any = None) -> float:
        __tracebackhide__ = True
        targets = self.targets if targets is None else loop.as_tensors(targets, self.backend)
        if takes_targets(self._step):
            value = self._step(self.inputs, targets)
        else:
            value = self._step(self.inputs)
        return scalar_loss(value, self.framework)

    @contextmanager
    def watch(self) -> Iterator[StepRecord]:
        record = StepRecord()
        before, rates = self.values(), [self.backend.learning_rates(o) for o in self._reachable]
        with ExitStack() as stack:
            self.watcher.watch(stack, record)
            yield record
        for optimizer, old in zip(self._reachable, rates, strict=True):
            if (new := self.backend.learning_rates(optimizer)) != old:
                key = id(getattr(optimizer, "inner_optimizer", optimizer))
                record.rates_set[key] = (type(optimizer).__name__, old, new)
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
        return [leaf for leaf in leaves(list(self.watcher.root_call)) if self._is_tensor(leaf)]

    def _is_tensor(self, thing: Any) -> bool:
        return self.backend.is_tensor(thing)

    def predict(self, inputs: list[Array] | None = None) -> tuple[list[Array], StepRecord]:
        self.backend.settle(self.model)
        return self.predict_with(self.model, inputs)

    def predict_with(
        self, model: Any, inputs: list[Array] | None = None, training: bool = False
    ) -> tuple[list[Array], StepRecord]:
        """`predict` by another model of the same class, or in training mode, with the weights that
        stand in the model's variables."""
        record = StepRecord()
        found = self.evaluate(model, self._tensors_of, record, inputs, training)
        return [self.framework.to_numpy(tensor) for tensor in found], record

    def _tensors_of(self, output: Any) -> list[Any]:
        return [leaf for leaf in leaves(output) if self._is_tensor(leaf)]

    def evaluate(
        self,
        model: Any,
        result: Callable[[Any], Any],
        record: StepRecord | None = None,
        inputs: list[Array] | None = None,
        training: bool = False,
    ) -> Any:
        """What `result` makes of the model's output, the model called as the step called it.

        `record` is told of the calls inside.
        """
        given = self._call_tensors()
        if inputs is not None:
            given = [
                self.backend.tensor(new, dtype=old.dtype)
                for new, old in zip(inputs, given, strict=True)
            ]

        def call(given: list[Any]) -> Any:
            queue = iter(given)
            args, kwargs = map_arrays(
                lambda leaf: next(queue) if self._is_tensor(leaf) else leaf,
                list(self.watcher.root_call or ()),
            )
            return result(model(*args, **{**kwargs, **self.mode(training)}))

        with ExitStack() as stack:
            if record is not None:
                stack.enter_context(self.watcher.calls_seen(record))
            stack.enter_context(self.backend.evaluating())
            stack.enter_context(self._states_zero(model))
            of = (model, result.__name__, training)
            return self.backend.evaluate(call, given, of, self.watcher, record or StepRecord())

    def names(self, variables: list[Any]) -> list[str]:
        """The names that these weights go by here."""
        known = {id(variable): name for name, variable in self.variables.items()}
        return [known[id(variable)] for variable in variables]

    # optimizers

    def _known_optimizers(self, given: Any) -> list[Any]:
        candidates = [*leaves(given), *self.held.objects]
        found: list[Any] = []
        for candidate in candidates:
            if self.backend.is_optimizer(candidate) and not any(
                candidate is known for known in found
            ):
                found.append(candidate)
        return found

    def _meet(self, optimizer: Any, held: list[Any]) -> None:
        """An optimizer seen for the first time, built just now: note its state and its weights."""
        self.optimizers.append(optimizer)
        known = {id(h) for v in self.variables.values() for h in self.backend.handles(v)}
        strangers = [variable for variable in held if id(variable) not in known]
        self._strangers += strangers
        self._late.append(self.backend.save_optimizer(optimizer, strangers))

    def learning_rates(self) -> list[float]:
        rates = [self.backend.learning_rates(optimizer) for optimizer in self.optimizers]
        return [rate for each in rates for rate in each] if all(rates) else []

    def rates(self) -> list[float]:
        return [rate for each in self.optimizers for rate in self.backend.rates(each)]

    def scale_learning_rates(self, factor: float) -> None:
        for optimizer in self.optimizers:
            self.backend.scale_learning_rates(optimizer, factor)

    def input_gradients_scaled(self, factor: float) -> AbstractContextManager[Any]:
        return self.backend.input_gradients_scaled(factor, self.watcher.names)

    def ledger(self) -> Ledger | None:
        return self.backend.ledger(self)

    def layer_losses(self) -> dict[str, float]:
        return layer_losses.terms(self)

    def layer_losses_scaled(self, factor: float) -> AbstractContextManager[Any]:
        return layer_losses.scaled(factor, self.backend)

    def layer_losses_by_hand_only(self) -> AbstractContextManager[Any]:
        return layer_losses.by_hand_only(self.keras.Model)

    def penalised_by_hand(self, evidence: Evidence) -> bool:
        return layer_losses.by_hand(self, evidence)

    def own_classes(self) -> dict[str, type[Any]]:
        """The layer classes that are not Keras' own, by name."""
        kinds = {type(layer) for layer in self.model._flatten_layers()}
        return {k.__name__: k for k in kinds if not k.__module__.startswith("keras.")}

    def units(self, name: str, value: Array) -> Array | None:
        kinds = {self._layers.get(id(part)): part for part in self.parts()}
        layer = kinds.get(name.rpartition("/")[0])
        layers = self.keras.layers
        if not name.endswith("/kernel") or not isinstance(
            layer, (layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D)
        ):
            return None
        rows: Array = value.reshape(-1, value.shape[-1]).T
        return rows

    def hidden(self) -> dict[str, tuple[str, str, str]]:
        """Keras tracks lists and dicts of layers, and its own variables."""
        why, fix = "is a tf.Variable, which Keras 3 does not see", "make it with self.add_weight"
        return {name: (f"{name} {why}", fix, "XFR116") for name in self._plain}


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
