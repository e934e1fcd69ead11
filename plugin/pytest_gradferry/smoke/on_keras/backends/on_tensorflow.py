"""Keras on TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from ....frameworks import Array, TensorFlow, load
from ....keras_layers import layers_of
from ...compiling import Compiling
from ...growth import Ledger
from ...parallel import Parallel
from ...patching import patch
from ...precision import Precision
from ...record import LossCall, StepRecord
from ...tree import leaves, map_arrays
from ..compiling import KerasCompiling
from ..crossings import Crossings
from ..ledger import TensorFlowLedger
from ..parallel import KerasParallel
from ..precision import KerasPrecision
from ..sights import plain_variables
from ..state import save_training
from .backend import Backend, DropoutFunction, LossFunction, Step, apply, drops, packed

if TYPE_CHECKING:
    from ..loop import Weighing
    from ..trainee import KerasTrainee
    from ..watch import Watcher

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

_OF_LOGITS = {
    "sparse_softmax_cross_entropy_with_logits": "logits",
    "softmax_cross_entropy_with_logits": "logits",
    "sigmoid_cross_entropy_with_logits": "sigmoid-logits",
}


class TensorFlowBackend(Backend):
    """Every tf.function runs eagerly while it is watched, whatever its options."""

    repairs_logits = True
    trains_in_place = True
    takes_text = True

    def __init__(self) -> None:
        self.framework = self._tensorflow = TensorFlow()
        self.tf = load("tensorflow")
        self.shape_errors = (TypeError, ValueError, self.tf.errors.InvalidArgumentError)
        self._draws_from_kernels = True  # until a watched step shows that it does not

    def is_tensor(self, thing: Any) -> bool:
        return bool(self.tf.is_tensor(thing))

    def tensor(self, value: Any, dtype: Any = None) -> Any:
        return self.tf.convert_to_tensor(value, dtype=dtype)

    def carries_gradient(self, tensor: Any) -> bool | None:
        recording = load("tensorflow.python.eager.record").could_possibly_record()
        return None if recording else False

    def is_abstract(self, tensor: Any) -> bool:
        return bool(self.tf.is_tensor(tensor)) and not hasattr(tensor, "numpy")

    def handles(self, variable: Any) -> list[Any]:
        """A tape takes Keras' variables and TensorFlow's underneath."""
        return [variable, getattr(variable, "value", variable)]

    def read(self, variable: Any) -> Array:
        """Not seen by a tape, which takes a variable that is read for one in use."""
        with load("tensorflow.python.eager.record").stop_recording():
            return super().read(variable)

    def is_variable(self, thing: Any) -> bool:
        return isinstance(thing, self.tf.Variable) or super().is_variable(thing)

    def plain_variables(self, model: Any, layers: dict[int, str]) -> dict[str, Any]:
        owners = {layers[id(layer)]: layer for layer in layers_of(model)}
        return plain_variables(model, owners, self.tf)

    def reseed(self, seed: int) -> None:
        if self._draws_from_kernels:
            self.framework.seed(seed)
        else:
            self._tensorflow.seed_without_kernels(seed)

    def reseed_for_step(self, seed: int) -> None:
        self._tensorflow.seed_without_kernels(seed)

    def ledger(self, trainee: KerasTrainee) -> Ledger:
        return TensorFlowLedger(trainee)

    def compiling(self, trainee: KerasTrainee) -> Compiling:
        return KerasCompiling(trainee, lambda: self._draws_from_kernels)

    def precision(self, trainee: KerasTrainee) -> Precision:
        return KerasPrecision(trainee)

    def parallel(self, trainee: KerasTrainee) -> Parallel:
        return KerasParallel(trainee)

    def make_step(self, model: Any, value: Step, optimizer: Any) -> Step:
        def step(inputs: Any, targets: Any) -> Any:
            with self.tf.GradientTape() as tape:
                loss = value(inputs, targets)
            weights = model.trainable_variables
            apply(optimizer, tape.gradient(loss, weights), weights)
            return loss

        return step

    def compiled_step(self, model: Any, weighing: Weighing) -> Step:
        def step(inputs: Any, targets: Any) -> Any:
            weights = weighing.of(targets)
            model._maybe_symbolic_build(data_batch=(inputs, targets, weights))
            model.make_train_function()
            model.reset_metrics()
            return model.train_function(iter([packed(inputs, targets, weights)]))

        return step

    def build_by_step(self, model: Any, batch: Any) -> None:
        built = [*model.variables, *model.metrics_variables]
        known, config = {id(variable) for variable in built}, self.tf.config
        undos = [save_training(model, [], self), self.save_variables(built)]
        undos += [partial(config.run_functions_eagerly, config.functions_run_eagerly())]
        config.run_functions_eagerly(True)
        try:
            with ExitStack() as stack:
                for optimizer in _optimizers():
                    stack.enter_context(mock.patch.object(optimizer, "apply"))
                model.train_step(batch)
        except Exception:  # the step itself will raise it
            return
        finally:
            for undo in undos:
                undo()
            for variable in model.non_trainable_variables:
                if id(variable) not in known and callable(variable._initializer):
                    variable.assign(variable._initializer(variable.shape, dtype=variable.dtype))

    def watch(self, stack: ExitStack, watcher: Watcher, record: StepRecord) -> None:
        config, drawn = self.tf.config, self._tensorflow.drawn()
        stack.callback(self._note_draws, drawn)
        stack.callback(config.run_functions_eagerly, config.functions_run_eagerly())
        config.run_functions_eagerly(True)
        unasked: dict[int, tuple[Any, set[str]]] = {}  # the weights in use, by tape
        stack.callback(self._note_unasked, record, unasked)
        patch(stack, self.tf.GradientTape, "__exit__", self._on_exit(watcher, unasked))
        crossings = Crossings(record)
        stack.enter_context(crossings.watching())
        derived = self._on_gradient(watcher, record, crossings, unasked)
        patch(stack, self.tf.GradientTape, "gradient", derived)

    def _note_draws(self, before: Any) -> None:
        self._draws_from_kernels = before != self._tensorflow.drawn()

    def _on_exit(
        self, watcher: Watcher, unasked: dict[int, tuple[Any, set[str]]]
    ) -> Callable[..., Any]:
        def leave(original: Any, tape: Any, *error: Any) -> Any:
            unasked.setdefault(id(tape), (tape, _taped(tape, watcher)))
            return original(tape, *error)

        return leave

    def _note_unasked(self, record: StepRecord, unasked: dict[int, tuple[Any, set[str]]]) -> None:
        """Weights under a tape that was asked for nothing are in use as much."""
        if record.taped is not None:
            record.taped.update(*(names for _, names in unasked.values()))

    def _on_gradient(
        self,
        watcher: Watcher,
        record: StepRecord,
        crossings: Crossings,
        unasked: dict[int, tuple[Any, set[str]]],
    ) -> Callable[..., Any]:
        def gradient(original: Any, tape: Any, target: Any, sources: Any, *a: Any, **k: Any) -> Any:
            record.backward_calls += 1
            unasked[id(tape)] = tape, set()
            watcher.acts.begin(target)
            asked = {watcher.names.get(id(source)) for source in leaves(sources)} - {None}
            if not asked:  # of inputs, say, for a gradient penalty
                record.input_gradients.append(False)
                with crossings.of(target):
                    return original(tape, target, sources, *a, **k)
            record.asked = (record.asked or set()) | {name for name in asked if name}
            record.taped = (record.taped or set()) | _taped(tape, watcher)
            output, more = watcher.output(), watcher.unasked(asked)
            with crossings.of(target):
                result, others = original(tape, target, [sources, [*output, *more]], *a, **k)
            watcher.note_output_gradient(record, others[: len(output)])
            reached = zip(more, others[len(output) :], strict=True)
            watcher.strangers.reached([v for v, value in reached if value is not None])
            for source, value in zip(
                [*leaves(sources), *more], [*leaves(result), *others[len(output) :]], strict=False
            ):
                name = watcher.names.get(id(source))
                if name is not None:
                    array = None if value is None else self.framework.to_numpy(value)
                    watcher.note_gradient(record, name, array, value)
            if self.tf.is_tensor(target):
                record.loss_size = max(record.loss_size, int(np.prod(target.shape)))
            record.events.append("backward")
            return result

        return gradient

    @contextmanager
    def input_gradients_scaled(self, factor: float, weights: Container[int]) -> Iterator[None]:
        def gradient(original: Any, tape: Any, target: Any, sources: Any, *a: Any, **k: Any) -> Any:
            result = original(tape, target, sources, *a, **k)
            if any(id(source) in weights for source in leaves(sources)):
                return result
            return map_arrays(lambda g: factor * g if self.tf.is_tensor(g) else g, result)

        with ExitStack() as stack:
            patch(stack, self.tf.GradientTape, "gradient", gradient)
            yield

    def loss_functions(self) -> list[LossFunction]:
        return [
            LossFunction(self.tf.nn, name, partial(self._note_loss, name, expects))
            for name, expects in _OF_LOGITS.items()
        ]

    def _note_loss(
        self, name: str, expects: str, result: Any, *args: Any, **kwargs: Any
    ) -> LossCall | None:
        given = kwargs.get("logits", args[1] if len(args) > 1 else None)
        values, value = self.array(given), self.array(result)
        if values is None or value is None:
            return None
        return LossCall(f"tf.nn.{name}", expects, values, float(value.mean()))

    def drawing_functions(self) -> list[tuple[Any, str]]:
        return [(self.tf.random, "categorical")]

    def dropout_functions(self) -> list[DropoutFunction]:
        return [DropoutFunction(self.tf.nn, "dropout", "tf.nn.dropout", drops)]


def _taped(tape: Any, watcher: Watcher) -> set[str]:
    """The model's weights in use under a tape."""
    names = (watcher.names.get(id(variable)) for variable in tape.watched_variables())
    return {name for name in names if name}


def _optimizers() -> list[type[Any]]:
    """The classes whose `apply` updates weights."""
    base = load("keras.src.optimizers.base_optimizer").BaseOptimizer
    return [base, load("keras").optimizers.LossScaleOptimizer]
