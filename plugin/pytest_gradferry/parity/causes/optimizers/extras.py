"""What stands around the update: clipping, averages of the weights."""

from __future__ import annotations

from collections.abc import Iterator

from ...compare import Comparison
from ...training.clipping import EACH, GLOBAL, VALUE, Clip
from ...training.optimizers import Fix
from ...training.steppers import KerasStepper, TorchStepper
from ..hypothesis import Hypothesis
from .apply import both, fixed


def clipping(comparison: Comparison) -> Iterator[Hypothesis]:
    """Set on the Keras optimizer; in torch a hook before the step, known by what it did."""
    _, keras = both(comparison)
    used = comparison.used.get("torch")
    theirs = getattr(used, "observed", None)
    if isinstance(used, TorchStepper) and used.clip is not None:
        theirs = used.clip
    ours = keras.clip
    if theirs is None and ours is None:
        return
    if theirs is not None and theirs.same(ours):
        return
    keras_port = comparison.port.framework == "keras"
    here, there = (ours, theirs) if keras_port else (theirs, ours)
    said = (
        "the port does not clip gradients" if here is None else f"the port clips gradients ({here})"
    )
    wanted = "the reference does not" if there is None else f"the reference does ({there})"
    if there is None:
        change, fix = "no clipping", "leave the clipping out of the port"
    elif keras_port:
        change, fix = str(there), f"give the port's optimizer {there}"
    else:
        change, fix = str(there), f"clip the port's gradients: {there.in_torch} before each step"
    yield Hypothesis(
        f"{said}, {wanted}",
        change,
        fix,
        lambda: fixed(comparison, comparison.port.framework, _clipped(there)),
    )


def _clipped(clip: Clip | None) -> Fix:
    def fix(made: TorchStepper | KerasStepper) -> None:
        if isinstance(made, TorchStepper):
            made.hooks, made.clip = False, clip
            return
        for how in (GLOBAL, EACH, VALUE):
            setattr(made.optimizer, how, clip.limit if clip and clip.how == how else None)

    return fix


def average(comparison: Comparison) -> Iterator[Hypothesis]:
    """A Keras optimizer that puts the average of the weights in their place."""
    _, keras = both(comparison)
    every = keras.optimizer.ema_overwrite_frequency if keras.optimizer.use_ema else None
    if not every:
        return
    role = "port" if comparison.port.framework == "keras" else "reference"

    def plain(made: KerasStepper) -> None:
        made.optimizer.use_ema = False

    yield Hypothesis(
        f"the {role}'s optimizer replaces the weights by their moving average every {every} steps",
        "use_ema=False",
        "leave use_ema out, or do the same after each step in torch: "
        "optimizer.register_step_post_hook",
        lambda: fixed(comparison, "keras", plain),
    )
