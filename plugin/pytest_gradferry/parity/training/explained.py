"""Known differences between the frameworks that no port can avoid: each has a formula, by which it
is subtracted. What is left must be nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..causes.losses.edits import CallPair, call_pairs
from ..causes.losses.formula import clips_targets, targets_unclipped
from ..causes.losses.weights import MEAN, class_weights
from ..compare import Comparison, Measure, relative
from .clipping import VALUE
from .hyperparameters import (
    EPSILON,
    HAT,
    HYPERPARAMETERS,
    LEARNING_RATE,
    MOMENTUM,
    UNDER_ROOT,
    epsilon_alike,
)
from .loss_calls import Edit
from .steppers import KerasStepper, TorchStepper

_SAME = 1e-6


# -- optimizers ---------------------------------------------------------------------------------


def _numbers(theirs: TorchStepper, ours: KerasStepper, steps: int) -> str:
    own = [h for h in HYPERPARAMETERS if h is not LEARNING_RATE and h.keras]
    numbers = [ours.read(h) for h in own if ours.kind in h.kinds]
    if all(np.float32(number) == number for number in numbers):
        return ""
    return "Keras rounds its numbers (betas, rho, ...) to float32; taken exactly"


def _rates(theirs: TorchStepper, ours: KerasStepper, steps: int) -> str:
    if theirs.planned_rates(steps) == ours.planned_rates(steps):
        return ""
    return "Keras keeps the learning rate as float32; torch's taken"


def _epsilon(theirs: TorchStepper, ours: KerasStepper, steps: int) -> str:
    wanted, given = theirs.read(EPSILON), ours.read(EPSILON)
    if wanted is None or given is None:
        return ""
    if theirs.kind in HAT and ours.kind in HAT:
        return "Keras' epsilon stands for torch's eps * sqrt(1 - beta_2^t); set to that"
    alike = theirs.kind == ours.kind and epsilon_alike(ours.kind, wanted, given)
    if alike and ours.kind in UNDER_ROOT:
        return "epsilon stands under the root in Keras, beside it in torch; left out of both"
    return ""


def _clip(theirs: TorchStepper, ours: KerasStepper, steps: int) -> str:
    if ours.clip is None or ours.clip.how == VALUE:
        return ""
    return "torch clips to max_norm / (norm + 1e-6), Keras to max_norm / norm; taken exactly"


def _velocity(theirs: TorchStepper, ours: KerasStepper, steps: int) -> str:
    if not (theirs.scheduled or ours.scheduled) or not ours.read(MOMENTUM):
        return ""
    return (
        "Keras' velocity adds up lr * gradient, torch's buffer gradients alone, which a changing "
        "rate tells apart; torch's scaled by lr(t - 1) / lr(t)"
    )


# Each says what is done about it, nothing where it makes no difference.
_ALIGNMENTS: dict[str, Callable[[TorchStepper, KerasStepper, int], str]] = {
    "rates": _rates,
    "numbers": _numbers,
    "epsilon": _epsilon,
    "clip": _clip,
    "velocity": _velocity,
}


def aligned_training(comparison: Comparison, measure: Measure, rung: str, bound: float) -> Measure:
    """`rung` again, with what is known to differ between the users' two optimizers taken out.

    Where that does not suffice everything known is left out of what the causes are tried on.
    """
    optimizers = comparison.optimizers
    if optimizers.named:
        return measure
    theirs, ours = optimizers.bare("torch"), optimizers.bare("keras")
    raw, said = measure.error, []
    for name, formula in _ALIGNMENTS.items():
        if name in optimizers.aligned:
            continue
        optimizers.aligned.add(name)
        text = formula(theirs, ours, comparison.steps)
        if not text:
            continue
        comparison.retrain()
        now = comparison.measure(rung)
        if now.error < measure.error / 2:
            said.append(text)
        measure = now
        if measure.error <= bound:
            measure.explained = f"{'; '.join(said)}: {raw:.1e} without"
            return measure
    comparison.retrain()
    return comparison.measure(rung)


def explain_dense(comparison: Comparison, measure: Measure) -> None:
    """Say of the `curve` what Keras' adaptive optimizers make of a token that comes up twice."""
    sides = (comparison.reference, comparison.port)
    keras: Any = next((side for side in sides if side.sparse_gradients), None)
    if keras is None or comparison.optimizers.bare("keras").kind == "SGD":
        return
    keras.backend.dense = False
    try:
        raw = comparison.trained_anew(keras).losses
    except Exception:  # rows of an embedding cannot be masked: nothing to say
        return
    finally:
        keras.backend.dense = True
    other = comparison.port if keras is comparison.reference else comparison.reference
    error = relative(np.array(raw), np.array(comparison.losses_of(other)))
    if error > max(measure.error, _SAME):
        known = (
            "Keras' optimizer takes a repeated token's gradients one by one, torch's their sum; "
            f"summed here: {error:.1e} without"
        )
        measure.explained = "; ".join(part for part in (measure.explained, known) if part)


# -- losses -------------------------------------------------------------------------------------


def aligned_loss(comparison: Comparison, measure: Measure, bound: float) -> Measure:
    """The loss again, without class weights' divisor and Keras' clipping of targets."""
    if comparison.losses is None or comparison.losses.named or comparison.recorded:
        return measure
    raw, said = measure.error, []
    for pair in call_pairs(comparison):
        for formula in (_weighted_mean, _unclipped):
            if (known := formula(pair)) is None:
                continue
            text, edit = known
            pair.keep("keras", edit)
            measure = comparison.loss()
            said.append(text)
            if measure.error <= bound:
                measure.explained = f"{'; '.join(said)}: {raw:.1e} without"
                return measure
    return measure


Known = tuple[str, Edit]


def _weighted_mean(pair: CallPair) -> Known | None:
    """torch divides by the sum of the weights, Keras by the number of samples."""
    weights = class_weights(pair)
    given = pair.keras.arguments.get("sample_weight")
    if weights is None or given is None or not weights.sum():
        return None
    if pair.torch.arguments.get("reduction") != "mean":
        return None
    ours = pair.side("keras").array(given)
    if ours.size != weights.size or relative(ours.ravel(), weights.ravel()) > _SAME:
        return None
    text = (
        f"torch divides by the sum of the class weights ({weights.sum():.6g}), Keras by their "
        f'number ({weights.size}); reduction="{MEAN}" is torch\'s'
    )
    return text, lambda call: call.given(reduction=MEAN)


def _unclipped(pair: CallPair) -> Known | None:
    if not clips_targets(pair):
        return None
    return "Keras' KLDivergence clips targets to 1e-7; taken as they are", targets_unclipped
