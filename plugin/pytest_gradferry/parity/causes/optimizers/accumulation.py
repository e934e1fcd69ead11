"""Gradients that are added up over several steps: how many, and whether their sum or their mean.

Keras' optimizer says so itself, and takes the mean. torch's are the user's own, who calls `step` at
each batch here too: that it moved nothing is seen in the losses.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...compare import Comparison
from ...training.steppers import KerasStepper
from ..hypothesis import Hypothesis
from .apply import both, fixed

_RULE = "XFR224"


def accumulation(comparison: Comparison) -> Iterator[Hypothesis]:
    _, keras = both(comparison)
    ours, theirs = keras.optimizer.gradient_accumulation_steps or 1, _of_torch(comparison)
    if ours == theirs == 1 or theirs is None:
        return
    if ours != theirs:
        yield _hypothesis(comparison, ours, theirs, summed=False)
    if theirs > 1:
        yield _hypothesis(comparison, ours, theirs, summed=True)


def _of_torch(comparison: Comparison) -> int | None:
    """How many steps it takes for the weights to move; None if they never do."""
    sides = (comparison.reference, comparison.port)
    losses = comparison.losses_of(next(s for s in sides if s.framework == "torch"))
    return next((t for t, loss in enumerate(losses) if loss != losses[0]), None)


def _hypothesis(comparison: Comparison, ours: int, theirs: int, summed: bool) -> Hypothesis:
    """Keras' as torch's is, whichever is the port."""

    def as_torch(made: KerasStepper) -> None:
        made.optimizer.gradient_accumulation_steps = theirs if theirs > 1 else None
        made.gradient_factor = theirs if summed else 1

    roles = ("port", "reference") if comparison.port.framework == "keras" else ("reference", "port")
    keras, torch = (f"the {role}'s optimizer" for role in roles)
    sums = " and adds their gradients up, where Keras takes the mean" if summed else ""
    wanted = theirs if theirs > 1 else None
    if ours == theirs:
        cause = f"{torch} adds up the gradients of {theirs} steps, {keras} takes their mean"
    elif theirs > 1:
        cause = f"{torch} steps once in {theirs} batches{sums}, {keras} {_often(ours)}"
    else:
        cause = f"{keras} accumulates gradients over {ours} steps, the other does not"
    fixes = []
    if ours != theirs and roles[0] == "port":
        done = f"give it gradient_accumulation_steps={wanted}" if wanted else "leave it out"
        fixes.append(f"{done} in the port")
    elif ours != theirs:
        fixes.append(f"step the port's optimizer {_often(ours)}")
        if ours > 1 == theirs:
            fixes.append("with the mean of their gradients")
    if summed:
        fixes.append(f"divide torch's loss by {theirs}, or multiply Keras' by it")
    parts = [f"gradient_accumulation_steps={wanted}"] * (ours != theirs)
    parts += [f"gradients times {theirs}"] * summed
    return Hypothesis(
        cause,
        " and ".join(parts),
        ", ".join(fixes),
        lambda: fixed(comparison, "keras", as_torch),
        _RULE,
    )


def _often(count: int) -> str:
    return f"once in {count} batches" if count > 1 else "at each batch"
