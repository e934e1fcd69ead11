"""What a smoke run needs from a model and its training step, whatever the framework.

A trainee holds a model, one batch and a step function, the user's own or the tool's loop written
as one.  It can put everything back as it was, train a step, and watch what happens in one.  Each
framework has a package with its trainee; the checks see only what stands here, in `advice` and in
`files`.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from ..frameworks import Array, Framework, Undo
from .advice import Advice
from .compiling import Compiling
from .errors import SmokeError
from .files import Files
from .growth import Ledger
from .held import Held
from .parallel import Parallel
from .precision import Precision
from .record import StepRecord, Weight
from .structure import Structure
from .tree import leaves, with_leaves

if TYPE_CHECKING:
    from .evidence import Evidence


class Trainee(ABC):
    """A model, a batch and a step.  Every method leaves other state alone unless it says so."""

    framework: Framework
    is_fitted = False  # by the framework's own `fit`, which takes weights of samples and classes
    model: Any
    inputs: Any
    targets: Any
    structure: Structure
    held: Held
    advice: Advice
    files: Files
    compiling: Compiling = Compiling()
    precision: Precision = Precision()
    parallel: Parallel = Parallel()

    _step: Callable[..., Any]

    @property
    def weights(self) -> dict[str, Weight]:
        return self.structure.weights

    @property
    def title(self) -> str:
        return f"{type(self.model).__name__} ({self.framework.name})"

    @abstractmethod
    def save(self) -> Undo:
        """Note all state of the model, its optimizers and what the step holds.

        The function returned puts it back, as often as it is called.
        """

    def release(self) -> None:  # noqa: B027  most have nothing to do
        """Undo what making the trainee did to the model.  Called once, at the very end."""

    @abstractmethod
    def values(self) -> dict[str, Array]:
        """The weights' values now, and those of weights the model does not list (see `hidden`)."""

    @abstractmethod
    def assign(self, values: dict[str, Array]) -> None:
        """Give the weights these values."""

    def _moved_since(self, before: dict[str, Array]) -> list[str]:
        after = self.values()
        return [name for name, old in before.items() if not np.array_equal(old, after[name])]

    def statistics(self) -> dict[str, Array]:
        """The running statistics of layers by name, where it is for the step to keep them."""
        return {}

    def change_weights(self, change: Callable[[Array], Array]) -> None:
        """Give each weight of floats what `change` makes of its value."""
        self.assign(
            {
                name: change(value).astype(value.dtype)
                for name, value in self.values().items()
                if value.dtype.kind == "f"
            }
        )

    @abstractmethod
    def reseed(self, seed: int) -> None:
        """Seed everything random the step may draw from, the layers' own generators included."""

    def reseed_for_step(self, seed: int) -> None:
        """The same for one step of a long run, where it may leave out what is slow to seed."""
        self.reseed(seed)

    @abstractmethod
    def step(self, targets: Any = None) -> float:
        """Train one step on the batch (with other targets if given) and return its loss."""

    def _loss_of_step(self, targets: Any) -> float:
        """Call the step function on the inputs and these targets."""
        __tracebackhide__ = True
        given = (self.inputs, targets) if takes_targets(self._step) else (self.inputs,)
        return scalar_loss(self._step(*given), self.framework)

    @abstractmethod
    def watch(self) -> Any:
        """A context; its value is a StepRecord, filled by the one step taken inside."""

    @abstractmethod
    def root_call(self) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """How the step called the model first: its arguments; None as long as it did not."""

    @abstractmethod
    def is_tensor(self, thing: Any) -> bool: ...

    @abstractmethod
    def is_optimizer(self, thing: Any) -> bool: ...

    def call_leaves(self) -> list[Array]:
        """The arrays the step called the model with, in order.

        Raises SmokeError if it never calls the model itself.
        """
        return [self.framework.to_numpy(leaf) for leaf in self.call_tensors()]

    def call_tensors(self) -> list[Any]:
        """The same as tensors."""
        call = self.root_call()
        if call is None:
            raise SmokeError(f"the step does not call {type(self.model).__name__} itself")
        return self.tensors_of(list(call))

    def tensors_of(self, tree: Any) -> list[Any]:
        return list(filter(self.is_tensor, leaves(tree)))

    def _call_with(self, tensors: list[Any]) -> Any:
        """The arguments of that call with other tensors."""
        return with_leaves(list(self.root_call() or ()), tensors, self.is_tensor)

    def _optimizers_among(self, given: Any) -> list[Any]:
        """Each optimizer once, of those given and those that the step leads to."""
        found = filter(self.is_optimizer, (*leaves(given), *self.held.objects))
        return list({id(optimizer): optimizer for optimizer in found}.values())

    @abstractmethod
    def predict(self, inputs: list[Array] | None = None) -> tuple[list[Array], StepRecord]:
        """Call the model in evaluation mode as the step called it, with other leaves if given.

        Raises SmokeError if the step never calls the model itself.
        """

    def mixing(self, changed: list[Array], kept: Array) -> str:
        """The operation in which samples first act on each other; empty where it was not found.

        `changed` are leaves for `predict`, other ones in all samples but those `kept`, a mask.
        """
        return ""

    def first_not_finite(self) -> tuple[str, str] | None:
        """(cause, fix) of the first NaN or infinity that comes up in a step, taken from here."""
        return None

    @abstractmethod
    def learning_rates(self) -> list[float]:
        """Of the optimizers seen so far, one a parameter group; empty where they cannot be set."""

    def rates(self) -> list[float]:
        """The same to look at, schedules included."""
        return self.learning_rates()

    def scheduled_rates(self) -> list[float]:
        """The rates that schedules were given to begin with, as far as they are known."""
        return []

    def idle_schedule(self) -> str:
        """A schedule that neither the framework nor the step will ever step; empty for none."""
        return ""

    def schedule_ended(self, error: BaseException | None) -> bool:
        """Whether a step ended in this error because a schedule has no rate for more steps."""
        return False

    @abstractmethod
    def scale_learning_rates(self, factor: float) -> None: ...

    def in_training(self) -> bool | None:
        """Whether the model is in training mode now; None where it has no mode of its own."""
        return None

    def trainable(self) -> set[str]:
        """The weights that are trainable now, which a step may change."""
        return {weight.name for weight in self.weights.values() if weight.trainable}

    def held_by(self, names: list[str]) -> list[str]:
        """The classes of the optimizers known that hold one of these weights, stepped or not."""
        return []

    def dead_ends(self, names: list[str]) -> list[str]:
        """Where the gradients of these weights become zero in one step, by operation."""
        return []

    def units(self, name: str, value: Array) -> Array | None:
        """See `Structure`."""
        return self.structure.units(name, value)

    def layer_losses(self) -> dict[str, float]:
        """What layers add to the loss by themselves, by where it comes from.

        Raises SmokeError if the step never calls the model itself.
        """
        return {}

    def layer_losses_scaled(self, factor: float) -> AbstractContextManager[Any]:
        """Inside, layers add that many times as much."""
        return nullcontext()

    def layer_losses_by_hand_only(self) -> AbstractContextManager[Any]:
        """Inside, the framework adds nothing of the layers' to the loss by itself."""
        return nullcontext()

    def penalised_by_hand(self, evidence: Evidence) -> bool:
        """Whether the step computes itself what the layers add."""
        return False

    def without_weights(self) -> AbstractContextManager[bool]:
        """Inside, all samples weigh the same; its value is whether they do not outside."""
        return nullcontext(False)

    def disturbed(self, layer: str) -> AbstractContextManager[Any] | None:
        """A context in which a layer gives other numbers; None where that cannot be done."""
        return None

    def input_gradients_scaled(self, factor: float) -> AbstractContextManager[Any]:
        """A context in which gradients by tensors that are no weights come out that much larger."""
        return nullcontext()

    def reparametrised(self) -> AbstractContextManager[list[str]]:
        """Inside, samples of normal distributions have a gradient; its value names the calls that
        it changed, "sample", and those that make use of samples without one, "log_prob"."""
        return nullcontext([])

    def ledger(self) -> Ledger | None:
        """What counts the things that steps may leave behind; None where that is not known."""
        return None

    def hidden(self) -> dict[str, tuple[str, str, str]]:
        """See `Structure`."""
        return self.structure.hidden()

    def is_used(self, name: str, record: StepRecord) -> bool:
        """Whether a step that was watched used this weight, listed or hidden."""
        return record.fresh.get(name) is not None


def scalar_loss(value: Any, framework: Framework) -> float:
    """The loss a step returned, as a number.  Raises SmokeError if it is not one."""
    if isinstance(value, dict):
        keys = [k for k in value if k == "loss"] or [k for k in value if "loss" in str(k)]
        if not keys:
            raise SmokeError(f"step returned a dict without a loss: its keys are {list(value)}")
        value = value[keys[0]]
    if value is None:
        raise SmokeError("step returned None: let it return the loss it trained on")
    try:
        array = np.asarray(framework.to_numpy(value), dtype=np.float64)
    except (TypeError, ValueError):
        raise SmokeError(f"step returned a {type(value).__name__}: return the loss") from None
    if array.size != 1:
        raise SmokeError(
            f"step returned an array of shape {array.shape}: return one number, the loss it "
            "trained on"
        )
    return float(array.reshape(()))


def takes_targets(step: Callable[..., Any]) -> bool:
    """Whether a step function wants a second positional argument."""
    try:
        signature = inspect.signature(step)
    except (TypeError, ValueError):
        return True
    kinds = [p.kind for p in signature.parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return True
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(kind in positional for kind in kinds) >= 2
