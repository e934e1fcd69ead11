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
    norm); `training` is how it was called, `told_off` that a layer in training calls it otherwise,
    so that it never acts.  `grad_in` and `grad_out` say whether the tensors going in and coming out
    carry gradients, None where the framework does not tell.
    """

    layer: str
    kind: str
    training: bool
    sensitive: bool
    finite: bool = True
    finite_in: bool = True
    known: bool = True  # one of the model's
    told_off: bool = False
    grad_in: bool | None = None
    grad_out: bool | None = None
    checkpointed: bool = False  # run by a checkpoint that records no graph at first


@dataclass
class LossCall:
    """A call of one of the framework's loss functions.

    `expects` is what the function takes its input for: "logits", "probabilities" or
    "log-probabilities" over classes, "sigmoid-logits", "sigmoid-probabilities", or a
    "distribution" of any kind, which holds nothing below 0.
    """

    function: str
    expects: str
    input: Array  # classes on the last axis
    value: float  # the mean of what it returned
    target_low: float = 0.0  # the least value of a target that is taken for probabilities


@dataclass
class Broadcast:
    """A call of an elementwise loss whose input and target have different ranks, and together a
    shape larger than either; or an operation on the way to the loss that pairs all samples."""

    function: str  # "F.mse_loss", "mul (train.py:12)", "a difference"
    input: tuple[int, ...]
    target: tuple[int, ...]
    together: tuple[int, ...]


@dataclass
class Unlisted:
    """A layer with trainable weights that the model called and that is none of its layers."""

    kind: str
    place: str  # "blocks[0].layer"; empty where it was not found
    trained: bool  # whether an optimizer holds its weights, or they moved
    made_anew: bool = False  # whether another one is made in every step


@dataclass
class StepRecord:
    """What was seen in one call of the step."""

    loss: float = float("nan")
    events: list[str] = field(default_factory=list)  # "forward", "backward", "update", in order
    acts: list[Act] = field(default_factory=list)  # the same and more, each with what it did
    # The gradients that the backward passes of this call computed, summed; None where none came.
    fresh: dict[str, Array | None] = field(default_factory=dict)
    # Weights without a gradient that a loss of the step leads back to, and the name of that loss.
    not_differentiated: dict[str, str] = field(default_factory=dict)
    # The weights whose gradients were asked for; None where a backward pass reaches them all.
    asked: set[str] | None = None
    # The weights in use under tapes, but those asked for other things; None without a tape.
    taped: set[str] | None = None
    # Whether the gradients that the optimizers used in their updates of this call held anything; a
    # weight is a key if an optimizer held it.
    used: dict[str, bool] = field(default_factory=dict)
    # The weights whose gradients a backward pass has put where the optimizer looks for them.
    stored: dict[str, bool] = field(default_factory=dict)
    # Weights whose gradient was the one of the update before plus the new one: by how much it
    # differed from that sum, as a part of its size.
    carried: dict[str, float] = field(default_factory=dict)
    # Weights whose gradient of an earlier step was cleared before any update had used it.
    thrown: set[str] = field(default_factory=set)
    calls: list[LayerCall] = field(default_factory=list)
    losses: list[LossCall] = field(default_factory=list)
    # Matrices that a softmax was taken of, and along which axis.
    softmaxes: list[tuple[Array, int]] = field(default_factory=list)
    broadcasts: list[Broadcast] = field(default_factory=list)
    # Arithmetic of the step's own that does the same, on what comes of the weights and the batch.
    crossings: list[Broadcast] = field(default_factory=list)
    dropouts: list[str] = field(default_factory=list)  # dropout functions that acted, by place
    outputs: Array | None = None  # of the first model call, if one array
    output_gradient: Array | None = None  # of the loss, by those outputs
    loss_size: int = 1  # how many numbers the loss had that the gradients were asked of
    # Weights that were updated by the gradient of another, and which.
    misapplied: dict[str, str] = field(default_factory=dict)
    functional: bool = False  # whether the model was called inside torch.func's grad or vmap
    # By weight, the autograd.Function whose backward gives None for its gradient.
    given_none: dict[str, str] = field(default_factory=dict)
    stored_backward: int = 0  # calls that store gradients, as loss.backward() does
    # Gradients taken by tensors that are no weights, of the inputs, say: whether they have a graph.
    input_gradients: list[bool] = field(default_factory=list)
    # Sums in the loss, by place, one of whose terms comes of the weights and has no gradient.
    lost_terms: list[str] = field(default_factory=list)
    backward_calls: int = 0  # of anything that computes gradients, of the model's weights or not
    drawn: list[str] = field(default_factory=list)  # functions that drew samples from a tensor
    # Weights that changed outside of the updates: before the first forward pass, after the last
    # update; and those that are other objects after the step than before it.
    set_before: list[str] = field(default_factory=list)
    set_after: list[str] = field(default_factory=list)
    # The part of the updates that is left at the end, where the step moves all weights back alike.
    remaining: float | None = None
    replaced: list[str] = field(default_factory=list)
    frozen: list[str] = field(default_factory=list)  # weights frozen after the step, not before
    # Trainable weights of layers that the model called and does not list.
    unlisted: list[Unlisted] = field(default_factory=list)
    optimizers: list[str] = field(default_factory=list)  # those that updated, by class name
    # Optimizers whose rate the step changed, by their keys in `acts`: (class name, before, after).
    rates_set: dict[int, tuple[str, list[float], list[float]]] = field(default_factory=dict)
    # By the class of an optimizer, its attribute `lr`, which it never reads, and its rate.
    unread_rates: dict[str, tuple[float, float]] = field(default_factory=dict)
    first_met: int = 0  # how many optimizers with a state updated for the first time
    frozen_moved: set[str] = field(default_factory=set)  # by an update, while they were frozen
    rates: dict[str, float] = field(default_factory=dict)  # by weight, where groups differ
    unused_clips: list[str] = field(default_factory=list)  # functions whose result went nowhere
    strangers: int = 0  # tensors the optimizers hold that are not the model's
    training_before: bool | None = None  # the model's mode, where it has one
    training_after: bool | None = None

    def backward(self) -> None:
        """Note that a backward pass runs, once for all of its gradients."""
        if not self.events or self.events[-1] != "backward":
            self.events.append("backward")
