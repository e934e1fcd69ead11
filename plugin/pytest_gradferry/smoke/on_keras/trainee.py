"""A Keras model with its training step, on any backend."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from ...frameworks import Array, Undo, load, together
from ..advice import Advice
from ..errors import SmokeError
from ..files import Files
from ..growth import Ledger
from ..latecomers import Latecomers
from ..record import StepRecord
from ..trainee import Trainee
from ..tree import leaves, map_arrays
from . import backends, layer_losses, loop
from .advice import KerasAdvice
from .calls import CallWatcher
from .files import KerasFiles
from .state import no_new_tensorflow, save_policy, save_training
from .structure import Structure
from .watch import Watcher

if TYPE_CHECKING:
    from ..evidence import Evidence

# Keras' warning of a model whose `call` leaves parts of it out; they are built as it trains.
_PARTS_UNBUILT = r"`build\(\)` was called on layer"

_SEED_STATE = "seed_generator_state"  # the name Keras gives the state of a layer's generator


class KerasTrainee(Trainee):
    """See `Trainee`."""

    structure: Structure
    structure_class = Structure
    call_watcher = CallWatcher
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
        backend = self.backend = backends.current()
        self.framework = backend.framework
        self.keras = load("keras")
        self.model = model
        structure = self.structure = self.structure_class(model, backend)
        self.inputs = loop.as_tensors(inputs, backend, structure.takes_text())
        self.targets = loop.as_tensors(targets, backend)
        self.weighing = loop.weighing(sample_weight, class_weight, backend)
        self.fitted = step is None and loss is None and bool(getattr(model, "compiled", False))
        if self.weighing and not self.fitted:
            raise SmokeError(
                "sample_weight and class_weight are what fit of a compiled model takes: weigh the "
                "loss in your step, or compile the model"
            )
        self._build()
        self.held = structure.held(step)
        self.own_step = step is not None
        self.calls_itself = self.own_step  # the user's code, not fit's, calls the model
        self._step, optimizer = self._training(loss, optimizer, step)
        structure.find()
        self.variables = structure.variables
        if not any(weight.trainable for weight in self.weights.values()):
            raise SmokeError(
                f"{type(model).__name__} has no trainable weight: nothing can be trained. "
                f"{structure.why_no_weights()}"
            )
        self._at_the_end = [save_policy(), no_new_tensorflow()]
        if step is None:
            self._at_the_end.append(save_training(model, leaves(optimizer), backend))
        self.watcher = Watcher(backend, model, self.variables, structure.layers, self.call_watcher)
        self.watcher.on_new_optimizer = self._meet
        self.watcher.plain = set(structure.plain)
        self._late = Latecomers()
        self._reachable = self._optimizers_among(optimizer)
        self.optimizers = [o for o in self._reachable if getattr(o, "built", True)]
        self.watcher.optimizers = list(self.optimizers)
        self.advice, self.files = self._make_parts()
        self.compiling = backend.compiling(self)
        self.precision = backend.precision(self)
        self.parallel = backend.parallel(self)
        self._at_the_end.append(backend.find_state(self))
        self._seeds = {
            id(v): (v, backend.read(v)) for v in model.variables if v.name == _SEED_STATE
        }

    def _build(self) -> None:
        """Parts that only `train_step` calls, a projection head, say, are built by running it."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=_PARTS_UNBUILT)
            self.structure.build(self.inputs)
        layers = self.structure.keras_layers() if self.fitted else []
        if all(layer.built for layer in layers if layer is not self.model):
            return
        undo = self.structure.held(None).save()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the step itself will warn
                weights = self.weighing.of(self.targets)
                batch = backends.packed(self.inputs, self.targets, weights)
                self.backend.build_by_step(self.model, batch)
        finally:
            undo()

    def _training(self, loss: Any, optimizer: Any, step: Any) -> tuple[Any, Any]:
        """The step and its optimizers."""
        model, backend = self.model, self.backend
        if step is not None:
            return step, optimizer
        if loss is not None:
            optimizer = loop.make_optimizer(optimizer or "adam")
            value = loop.loss_value(model, loss, backend, self.structure.told_of_training())
            return backend.make_step(model, value, optimizer), optimizer
        if self.fitted:
            self.calls_itself = type(model).train_step is not self.keras.Model.train_step
            return backend.compiled_step(model, self.weighing), model.optimizer
        raise SmokeError(
            "nothing says how to train: compile the model, pass loss=..., e.g. "
            "loss='cross_entropy', or the step function of your own, step=..."
        )

    def _make_parts(self) -> tuple[Advice, Files]:
        return KerasAdvice(self), KerasFiles(self)

    @property
    def title(self) -> str:
        return self.structure.title

    # state

    def save(self) -> Undo:
        model, backend = self.model, self.backend
        variables = [*model.variables, *getattr(model, "metrics_variables", ())]
        variables += [*self.structure.plain.values(), *self.structure.recurrent_states(model)]
        undos = [backend.save_optimizer(optimizer, ()) for optimizer in self.optimizers]
        for held in self.held.objects:
            undos += backend.save_other(held)
            if isinstance(held, self.keras.layers.Layer):
                undos.append(backend.save_model(held))
            found = [held] if backend.is_variable(held) else getattr(held, "variables", ())
            if isinstance(found, (list, tuple)):
                variables += filter(backend.is_variable, found)
        variables += self._late.strangers
        undos += [backend.save_variables({id(v): v for v in variables}.values())]
        unbuilt = [m for m in getattr(model, "metrics", ()) if not m.variables]
        return together(
            *undos,
            backend.save_model(model),
            self.held.save(),
            self._late.save(),
            *(metric.reset_state for metric in unbuilt),
        )

    def release(self) -> None:
        together(*self._at_the_end)()

    @contextmanager
    def _states_zero(self, model: Any) -> Iterator[None]:
        """A prediction starts from states of zero, and leaves them as they were."""
        states = self.structure.recurrent_states(model)
        undo = self.backend.save_variables(states)
        for state in states:
            self.backend.write(state, np.zeros_like(self.backend.read(state)))
        try:
            yield
        finally:
            undo()

    def values(self) -> dict[str, Array]:
        return {name: self.backend.read(v) for name, v in self.variables.items()}

    def assign(self, values: dict[str, Array]) -> None:
        for name, value in values.items():
            self.backend.write(self.variables[name], value)

    def statistics(self) -> dict[str, Array]:
        backend = self.backend
        norms = {} if backend.keeps_statistics else self.structure.batch_norms()
        return {
            name: np.concatenate([backend.read(n.moving_mean), backend.read(n.moving_variance)])
            for name, n in norms.items()
        }

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
        return self._loss_of_step(targets)

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
            trained = [w.name for w in self.weights.values() if w.trainable]
            if moved := self._moved_since({name: before[name] for name in trained}):
                record.events.append("update")  # by assign_sub and the like
                record.used.update(dict.fromkeys(moved, True))

    def root_call(self) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        return self.watcher.root_call

    def is_tensor(self, thing: Any) -> bool:
        return self.backend.is_tensor(thing)

    def is_optimizer(self, thing: Any) -> bool:
        return self.backend.is_optimizer(thing)

    def predict(self, inputs: list[Array] | None = None) -> tuple[list[Array], StepRecord]:
        self.backend.settle(self.model)
        return self.predict_with(self.model, inputs)

    def predict_with(
        self, model: Any, inputs: list[Array] | None = None, training: bool = False
    ) -> tuple[list[Array], StepRecord]:
        """`predict` by another model of the same class, or in training mode, with the weights that
        stand in the model's variables."""
        record = StepRecord()
        found = self.evaluate(model, self.tensors_of, record, inputs, training)
        return [self.framework.to_numpy(tensor) for tensor in found], record

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
        given = self.call_tensors()
        if inputs is not None:
            given = [
                self.backend.tensor(new, dtype=old.dtype)
                for new, old in zip(inputs, given, strict=True)
            ]

        def call(given: list[Any]) -> Any:
            args, kwargs = self._call_with(given)
            return result(model(*args, **{**kwargs, **self.structure.mode(training)}))

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

    def _meet(self, optimizer: Any, held: list[Any]) -> None:
        """An optimizer seen for the first time, built just now: note its state and its weights."""
        self.optimizers.append(optimizer)
        known = {id(h) for v in self.variables.values() for h in self.backend.handles(v)}
        strangers = [variable for variable in held if id(variable) not in known]
        self._late.add(self.backend.save_optimizer(optimizer, strangers), strangers)

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

    def disturbed(self, layer: str) -> AbstractContextManager[Any] | None:
        named = (p for p in self.structure.keras_layers() if self.structure.layers[id(p)] == layer)
        part = next(named, None)
        return None if part is None or not self.backend.trains_in_place else self._noise_on(part)

    @contextmanager
    def _noise_on(self, layer: Any) -> Iterator[None]:
        call, random = layer.call, np.random.default_rng(0)

        def other(leaf: Any) -> Any:
            if not self.is_tensor(leaf) or not self.backend.is_float(leaf):
                return leaf
            noise = random.normal(size=leaf.shape) * (1 + np.abs(leaf).max(initial=0))
            return leaf + self.backend.tensor(noise, leaf.dtype)

        @wraps(call)
        def noisy(*args: Any, **kwargs: Any) -> Any:
            return map_arrays(other, call(*args, **kwargs))

        with mock.patch.dict(vars(layer), {"call": noisy}):
            yield

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
