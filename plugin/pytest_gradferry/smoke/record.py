"""What is seen in one training step, whatever the framework."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..frameworks import Array
from .acts import Act


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
class StepRecord:
    """What was seen in one call of the step."""

    loss: float = float("nan")
    events: list[str] = field(default_factory=list)  # "forward", "backward", "update", in order
    acts: list[Act] = field(default_factory=list)  # the same and more, each with what it did
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
    unused_clips: list[str] = field(default_factory=list)  # functions whose result went nowhere
    strangers: int = 0  # tensors the optimizers hold that are not the model's
    training_before: bool | None = None  # the model's mode, where it has one
    training_after: bool | None = None
