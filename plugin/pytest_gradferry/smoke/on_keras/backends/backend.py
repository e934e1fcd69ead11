"""What a smoke run asks of a Keras backend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ....frameworks import Array, Framework, Undo, load
from ....keras_layers import layers_of
from ...compiling import Compiling
from ...growth import Ledger
from ...held import given_back
from ...parallel import Parallel
from ...precision import Precision
from ...record import LossCall, StepRecord

if TYPE_CHECKING:
    from ..loop import Weighing
    from ..trainee import KerasTrainee
    from ..watch import Watcher

Step = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class LossFunction:
    """A loss function of the framework underneath: `note` makes a LossCall of a call's arguments
    and its result, None where they hold no values."""

    owner: Any
    name: str
    note: Callable[..., LossCall | None]


@dataclass(frozen=True)
class DropoutFunction:
    """A dropout function: `acts` tells from a call's arguments whether it drops anything."""

    owner: Any
    name: str
    shown: str
    acts: Callable[..., bool]


def drops(x: Any, rate: Any, *args: Any, **kwargs: Any) -> bool:
    """`acts` of a function that takes the rate second."""
    return bool(np.ndim(rate)) or float(rate) > 0


class Backend(ABC):
    """One Keras backend.  A `variable` is a keras.Variable, a tensor the backend's own."""

    framework: Framework
    # Keras finds the logits behind a softmax in front of a loss with from_logits=True
    repairs_logits = False
    # Whether a watched step reads and writes the model's variables as it goes, eagerly
    trains_in_place = False
    keeps_statistics = True  # a batch norm does, when it is called; else the step has to
    takes_text = False  # a tensor may hold strings, for layers that turn them into numbers
    keeps_gradients = False  # a weight carries its gradient until it is cleared
    shape_errors: tuple[type[Exception], ...] = (TypeError, ValueError)

    # tensors

    def is_tensor(self, thing: Any) -> bool:
        return self.framework.is_tensor(thing)

    def is_float(self, tensor: Any) -> bool:
        backend = load("keras").backend
        return bool(backend.is_float_dtype(backend.standardize_dtype(tensor.dtype)))

    def tensor(self, value: Any, dtype: Any = None) -> Any:
        return load("keras").ops.convert_to_tensor(value, dtype=dtype)

    @abstractmethod
    def is_abstract(self, tensor: Any) -> bool:
        """It stands for values that are not known yet."""

    def array(self, tensor: Any) -> Array | None:
        """The values of a tensor, None for an abstract one."""
        return None if self.is_abstract(tensor) else self.framework.to_numpy(tensor)

    def known(self, tree: Any) -> Any:
        """The tree with the values of its tensors, to be kept."""
        return tree

    def evaluate(
        self,
        function: Callable[[Any], Any],
        given: Any,
        of: tuple[Any, ...],
        watcher: Watcher,
        record: StepRecord,
    ) -> Any:
        """What a function makes of tensors by calling a model, as the watcher records it.

        `of` tells functions apart: the model, and whatever else they differ in.
        """
        return function(given)

    def rewritten(self) -> AbstractContextManager[None]:
        """Inside, functions that the step calls are others: what it has traced does not count."""
        return nullcontext()

    def carries_gradient(self, tensor: Any) -> bool | None:
        """None where a tensor does not tell."""
        return None

    # state

    def handles(self, variable: Any) -> list[Any]:
        """The objects that a user's code may name a variable by."""
        return [variable]

    def read(self, variable: Any) -> Array:
        """The value a step would train on."""
        return self.framework.to_numpy(variable)

    def write(self, variable: Any, value: Array) -> None:
        variable.assign(value)

    def save_variables(self, variables: Iterable[Any]) -> Undo:
        values = [(v, self.framework.to_numpy(v)) for v in variables]

        def undo() -> None:
            for variable, value in values:
                variable.assign(value)

        return undo

    def is_variable(self, thing: Any) -> bool:
        return isinstance(thing, load("keras").Variable)

    def plain_variables(self, model: Any, layers: dict[int, str]) -> dict[str, Any]:
        """Variables of the framework's own that layers hold and Keras does not see, by name."""
        return {}

    def save_model(self, model: Any) -> Undo:
        """What a model or a layer has besides the values of variables: what is frozen, modes."""
        layers = [(layer, layer._trainable) for layer in layers_of(model)]
        variables = [(v, v.trainable) for v in getattr(model, "variables", ())]

        def undo() -> None:
            for layer, trainable in layers:
                layer._trainable = trainable  # its setter would set those of all layers inside
            for variable, trainable in variables:
                if variable.trainable is not trainable:
                    variable.trainable = trainable

        return undo

    def again(self, thing: Any) -> Callable[[], Any] | None:
        """What gives a variable again with the value it has now; None for anything else."""
        if not self.is_variable(thing):
            return None
        return given_back(thing, self.save_variables([thing]))

    def compiling(self, trainee: KerasTrainee) -> Compiling:
        return Compiling()

    def precision(self, trainee: KerasTrainee) -> Precision:
        return Precision()

    def parallel(self, trainee: KerasTrainee) -> Parallel:
        return Parallel()

    def find_state(self, trainee: KerasTrainee) -> Undo:
        """Find where the user's step keeps what it trains, if not in the model's variables.

        What is returned is to be called when all is done with the step.
        """
        return lambda: None

    def in_variables(self) -> bool:
        """Whether variables hold what the step trains, not arrays of the user's own."""
        return True

    def settle(self, model: Any) -> None:
        """Bring what a step has trained into the model's variables, if it stands elsewhere."""
        return

    def reseed(self, seed: int) -> None:
        self.framework.seed(seed)

    def reseed_for_step(self, seed: int) -> None:
        self.reseed(seed)

    def ledger(self, trainee: KerasTrainee) -> Ledger | None:
        """What counts the things that steps may leave behind."""
        return None

    # optimizers

    def is_optimizer(self, thing: Any) -> bool:
        return isinstance(thing, load("keras").optimizers.Optimizer)

    def save_optimizer(self, optimizer: Any, held: Iterable[Any]) -> Undo:
        """Its state, and that of the variables it holds."""
        return self.save_variables([*optimizer.variables, *held])

    def save_other(self, thing: Any) -> list[Undo]:
        """The state of what the step reaches beside optimizers and variables."""
        return []

    def learning_rates(self, optimizer: Any) -> list[float]:
        """Empty where they cannot be set."""
        schedule = load("keras").optimizers.schedules.LearningRateSchedule
        if isinstance(_innermost(optimizer)._learning_rate, schedule):
            return []
        return self.rates(optimizer)

    def rates(self, optimizer: Any) -> list[float]:
        """The same to look at, schedules included."""
        return [float(np.asarray(self.framework.to_numpy(optimizer.learning_rate)))]

    def scale_learning_rates(self, optimizer: Any, factor: float) -> None:
        rate = _innermost(optimizer).learning_rate
        rate.assign(float(np.asarray(self.framework.to_numpy(rate))) * factor)

    # steps

    @abstractmethod
    def make_step(self, model: Any, value: Step, optimizer: Any) -> Step:
        """A step that minimises `value(inputs, targets)`, a loss of the model's outputs."""

    @abstractmethod
    def compiled_step(self, model: Any, weighing: Weighing) -> Step:
        """The model's own train_step, as `fit` would run it on one batch.

        Not train_on_batch, which hands train_step a sample weight of None that `fit` does not.
        """

    def build_by_step(self, model: Any, batch: Any) -> None:
        """Run a compiled model's train_step without its updates, so that all it calls is built."""
        return

    def evaluating(self) -> AbstractContextManager[Any]:
        """Around a prediction."""
        return nullcontext()

    # watching

    @abstractmethod
    def watch(self, stack: ExitStack, watcher: Watcher, record: StepRecord) -> None:
        """Until the stack closes, compiled functions run as they are written, and gradients are
        told to `watcher.note_gradient`."""

    def output_seen(self, watcher: Watcher, record: StepRecord, output: Any) -> Any:
        """The output of the model's first call, or what goes on in its place, so that its gradient
        is told to `watcher.note_output_gradient`."""
        return output

    def owner(self, watcher: Watcher, gradient: Any) -> str | None:
        """The weight that carries this tensor as its gradient."""
        return None

    def input_gradients_scaled(
        self, factor: float, weights: Container[int]
    ) -> AbstractContextManager[Any]:
        """See `Trainee`; `weights` are the ids of those, as a tape is asked for them."""
        return nullcontext()

    def loss_functions(self) -> list[LossFunction]:
        return []

    def drawing_functions(self) -> list[tuple[Any, str]]:
        """(owner, name) of functions that draw samples by probabilities they are given."""
        return []

    def dropout_functions(self) -> list[DropoutFunction]:
        return []


def _innermost(optimizer: Any) -> Any:
    """The optimizer inside a LossScaleOptimizer."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def apply(optimizer: Any, gradients: list[Any], weights: list[Any]) -> None:
    """Update the weights that have a gradient; none at all is for the check `gradients` to say."""
    pairs = [(g, w) for g, w in zip(gradients, weights, strict=True) if g is not None]
    if pairs:
        optimizer.apply_gradients(pairs)


def packed(inputs: Any, targets: Any, weights: Any) -> Any:
    """The batch as `fit` hands it to train_step."""
    return load("keras").utils.pack_x_y_sample_weight(inputs, targets, weights)
