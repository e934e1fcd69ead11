"""The words for what a check found: causes, fixes and lint rules, in the framework's own terms.

A cause is said only if it was tested.
"""

from __future__ import annotations

from collections.abc import Callable

from .record import LossCall, StepRecord

# What a loss was given, besides kinds of numbers
GIVEN_ONE_CLASS = "one value a sample"
GIVEN_ONE_VALUE = "a softmax over one value"


class Advice:
    """What each framework fills in; empty words where it knows no better."""

    clearing = ("start each step from gradients of zero", "")
    stepping = "call optimizer.step() (torch) or optimizer.apply_gradients (Keras) in the step"
    stepping_code = ""
    backward = "call loss.backward() (torch) or tape.gradient(loss, weights) (TensorFlow)"
    unasked = "the step never asks the tape for their gradients"
    clipping = "clip between loss.backward() and optimizer.step()"
    holding = "give the optimizer all trainable weights, or freeze the rest"
    # (cause, fix) of backward passes that brought no weight anything, where those are asked for
    others_asked = ("", "")
    # (cause, fix) of a penalty on gradients of the inputs that trains nothing: where those have no
    # graph, and where they have one
    penalty = ("", "")
    penalty_cut = (
        "what the loss makes of them is cut off their graph",
        "look behind them for detach, .item(), .data, .numpy() or stop_gradient",
    )
    # (cause, fix) of frozen weights that an optimizer moves
    frozen = (
        "",
        "freeze before the optimizer is built, and clear old gradients when freezing (weight decay "
        "and momentum move a weight that still has one)",
    )
    own_rate_zero = "the learning rate of their parameter group is 0"
    unread_rate_code = ""
    not_held_code = ""
    made_in_call_code = ""
    cut_loss_code = ""
    # (cause, fix, code) of gradients that were computed, and are zero or gone at the update
    unused = (
        "the gradients are cleared between the backward pass and the optimizer's step",
        "call optimizer.zero_grad() before loss.backward(), or after optimizer.step()",
        "XFR205",
    )
    scheduling = "step the schedule after each update, or let it begin above 0"
    # what to look for where a graph is cut
    cut = (
        "detach, .data, .numpy(), no_grad, stop_gradient, argmax, or a tensor made anew from "
        "another's values"
    )
    # (cause, fix) of a layer that runs where no gradients are recorded
    unrecorded = (
        "runs without recording gradients (torch.no_grad)",
        "take the layer out of the no_grad block, or freeze it",
    )
    summing = "add up the gradients of all micro-batches before the update"
    skipping_code = ""  # of the rule that finds steps of which every few update, alone

    def flaws(self) -> list[tuple[str, str, str, str]]:
        """(measured, cause, fix, code) of what is wrong with the model, whatever the step does."""
        return []

    def frozen_in_vain(self, moved: set[str]) -> list[tuple[str, str, str, str]]:
        """(measured, cause, fix, code) where some of the weights that moved were to be frozen, in
        words that the framework does not know."""
        return []

    def error(self, error: BaseException) -> tuple[str, str, str]:
        """(cause, fix, code) of an error the step ended in, where it tells."""
        return "", "", ""

    def modes(self, record: StepRecord, measured: str) -> list[tuple[str, str, str, str]]:
        """(measured, cause, fix, code) where layers rested in a training step, and should not."""
        return []

    def evaluation(self, record: StepRecord) -> tuple[str, str]:
        """(fix, code) for dropout that acts in evaluation."""
        return "", ""

    def mixing(self, mixes: Callable[[], bool]) -> tuple[str, str, str] | None:
        """(cause, fix, code) for outputs that depend on other samples; `mixes` measures again."""
        return None

    def loss(self, call: LossCall, given: str) -> tuple[str, str]:
        """(fix, code) for a loss function that was given `given` instead of what it expects."""
        return "", ""
