"""What a smoke run needs from a model and its training step, whatever the framework.

A trainee holds a model, one batch and a step function, the user's own or the tool's loop written
as one.  It can put everything back as it was, train a step, and watch what happens in one.  Each
framework has a module with its trainee; the checks see only what stands here.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..frameworks import Array, Framework, Undo


class SmokeError(ValueError):
    """The run cannot be done as asked; the message says what to change."""


@dataclass
class Weight:
    """One weight of the model, by the framework's own name for it."""

    name: str
    layer: str
    trainable: bool


@dataclass
class LayerCall:
    """A call of a layer in a forward pass.

    `sensitive` says that the layer acts differently in training and in evaluation (Dropout, batch
    norm); `training` is how it was called.  `grad_in` and `grad_out` say whether the tensors going
    in and coming out carry gradients, None where the framework does not tell.
    """

    layer: str
    kind: str
    training: bool
    sensitive: bool
    finite: bool = True
    finite_in: bool = True
    grad_in: bool | None = None
    grad_out: bool | None = None


@dataclass
class LossCall:
    """A call of one of the framework's loss functions.

    `expects` is what the function takes its input for: "logits", "probabilities" or
    "log-probabilities" over classes, or "sigmoid-logits", "sigmoid-probabilities".
    """

    function: str
    expects: str
    input: Array  # classes on the last axis
    value: float  # the mean of what it returned


@dataclass
class RoundTrip:
    """A way through a file: `run` saves, loads into a model of its own and predicts."""

    what: str  # "saving and loading the state_dict"
    run: Callable[[], list[Array]]
    # (cause, fix, code) of an error, or, given None, when what came back is not what was saved
    advice: Callable[[BaseException | None], tuple[str, str, str]] = lambda error: ("", "", "")
    reason: Callable[[BaseException], str] = lambda error: str(
        error
    ).strip()  # of an error, shorter
    excused: tuple[type[BaseException], ...] = ()  # errors that only say the way is not open


@dataclass
class StepRecord:
    """What was seen in one call of the step."""

    loss: float = float("nan")
    events: list[str] = field(default_factory=list)  # "forward", "backward", "update", in order
    # The gradients that the backward passes of this call computed, summed; None where none came.
    fresh: dict[str, Array | None] = field(default_factory=dict)
    # The weights whose gradients were asked for; None where a backward pass reaches them all.
    asked: set[str] | None = None
    # Whether the gradients that the optimizers used in their updates of this call held anything; a
    # weight is a key if an optimizer held it.
    used: dict[str, bool] = field(default_factory=dict)
    # Weights whose gradient was the one of the update before plus the new one: by how much it
    # differed from that sum, as a part of its size.
    carried: dict[str, float] = field(default_factory=dict)
    calls: list[LayerCall] = field(default_factory=list)
    losses: list[LossCall] = field(default_factory=list)
    dropouts: list[str] = field(default_factory=list)  # dropout functions that acted, by place
    outputs: Array | None = None  # of the first model call, if one array
    optimizers: list[str] = field(default_factory=list)  # those that updated, by class name
    strangers: int = 0  # tensors the optimizers hold that are not the model's
    training_before: bool | None = None  # the model's mode, where it has one
    training_after: bool | None = None


class Trainee(ABC):
    """A model, a batch and a step.  Every method leaves other state alone unless it says so."""

    framework: Framework
    model: Any
    inputs: Any
    targets: Any
    weights: dict[str, Weight]

    @property
    def title(self) -> str:
        return f"{type(self.model).__name__} ({self.framework.name})"

    @abstractmethod
    def save(self) -> Undo:
        """Note all state of the model, its optimizers and what the step holds.

        The function returned puts it back, as often as it is called.
        """

    @abstractmethod
    def values(self) -> dict[str, Array]:
        """The weights' values now, and those of weights the model does not list (see `hidden`)."""

    @abstractmethod
    def assign(self, values: dict[str, Array]) -> None:
        """Give the weights these values."""

    @abstractmethod
    def reseed(self, seed: int) -> None:
        """Seed everything random the step may draw from, the layers' own generators included."""

    def reseed_for_step(self, seed: int) -> None:
        """The same for one step of a long run, where it may leave out what is slow to seed."""
        self.reseed(seed)

    @abstractmethod
    def step(self, targets: Any = None) -> float:
        """Train one step on the batch (with other targets if given) and return its loss."""

    @abstractmethod
    def watch(self) -> Any:
        """A context; its value is a StepRecord, filled by the one step taken inside."""

    @abstractmethod
    def call_leaves(self) -> list[Array]:
        """The arrays the step called the model with, in order.

        Raises SmokeError if it never calls the model itself.
        """

    @abstractmethod
    def predict(self, inputs: list[Array] | None = None) -> tuple[list[Array], StepRecord]:
        """Call the model in evaluation mode as the step called it, with other leaves if given.

        Raises SmokeError if the step never calls the model itself.
        """

    @abstractmethod
    def learning_rates(self) -> list[float]:
        """Of the optimizers seen so far, one a parameter group; empty where they cannot be set."""

    @abstractmethod
    def scale_learning_rates(self, factor: float) -> None: ...

    @abstractmethod
    def hidden(self) -> dict[str, tuple[str, str]]:
        """Weights in use that the model does not list: name -> (where it is kept, rule code)."""

    @abstractmethod
    def prepare_round_trips(self) -> None:
        """Called before the training whose result is saved."""

    @abstractmethod
    def round_trips(self, folder: Path) -> Iterator[RoundTrip]: ...

    # Words for what was found.  A cause is said only if it was tested.

    clearing_advice = ("start each step from gradients of zero", "")
    not_held_code = ""

    def flaws(self) -> list[tuple[str, str, str, str]]:
        """(measured, cause, fix, code) of what is wrong with the model, whatever the step does."""
        return []

    def error_advice(self, error: BaseException) -> tuple[str, str, str]:
        """(cause, fix, code) of an error the step ended in, where it tells."""
        return "", "", ""

    def mode_advice(self, record: StepRecord, measured: str) -> list[tuple[str, str, str, str]]:
        """(measured, cause, fix, code) where layers rested in a training step, and should not."""
        return []

    def eval_advice(self, record: StepRecord) -> tuple[str, str]:
        """(fix, code) for dropout that acts in evaluation."""
        return "", ""

    def mixing_advice(self, mixes: Callable[[], bool]) -> tuple[str, str, str] | None:
        """(cause, fix, code) for outputs that depend on other samples; `mixes` measures again."""
        return None

    def loss_advice(self, call: LossCall, given: str) -> tuple[str, str]:
        """(fix, code) for a loss function that was given `given` instead of what it expects."""
        return "", ""


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


def map_arrays(function: Callable[[Any], Any], tree: Any) -> Any:
    """Apply a function to the leaves of nested tuples, lists and dicts."""
    if isinstance(tree, dict):
        return {key: map_arrays(function, value) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(map_arrays(function, value) for value in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(map_arrays(function, value) for value in tree)
    return function(tree)


def leaves(tree: Any) -> list[Any]:
    """The leaves of nested tuples, lists and dicts, in order."""
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves(value)]
    if isinstance(tree, (list, tuple)):
        return [leaf for value in tree for leaf in leaves(value)]
    return [tree]


def shapes(tree: Any) -> str:
    """ "(8, 3) float32" for a message, nested as the data is."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key!r}: {shapes(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, (list, tuple)):
        return "(" + ", ".join(shapes(value) for value in tree) + ")"
    if hasattr(tree, "shape") and hasattr(tree, "dtype"):
        kind = getattr(tree.dtype, "name", None) or str(tree.dtype).removeprefix("torch.")
        return f"{tuple(tree.shape)} {kind}"
    return type(tree).__name__


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


@contextmanager
def all_undone(undos: list[Undo]) -> Iterator[None]:
    """Call the functions in reverse on the way out, those added inside the block too."""
    try:
        yield
    finally:
        while undos:
            undos.pop()()
