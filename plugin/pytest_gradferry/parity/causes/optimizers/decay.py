"""Weight decay: its value, the weights it is of, and whether it passes through the gradient."""

from __future__ import annotations

from collections.abc import Iterator

from ....wording import listed
from ...compare import Comparison
from ...training.hyperparameters import MOMENTUM
from ...training.steppers import Decay, Stepper, l2_of
from ..hypothesis import Hypothesis
from .apply import both, fixed

_RULE = "XFR416"


def weight_decay(comparison: Comparison) -> Iterator[Hypothesis]:
    found = _of_pairs(comparison)
    differing = [(name, a, b) for name, a, b in found if a != b]
    if not differing:
        return
    wanted = decays_for(comparison)

    def decayed(made: Stepper) -> None:
        made.decays = wanted

    keras_port = comparison.port.framework == "keras"
    there = {a for _, a, _ in found}
    here = {b for _, _, b in found}
    name = "weight_decay"
    if len(there) == len(here) == 1:
        (theirs,), (ours,) = there, here
        if theirs[0] != ours[0]:
            cause = (
                f"weight decay of the port's optimizer is {ours[0]:g}, the reference's "
                f"{theirs[0]:g}"
            )
            if theirs[1] != ours[1] and theirs[0] and ours[0]:
                cause += f", {_form(theirs)}"
            change = f"{name}={theirs[0]:g}"
            fix = f"give the port's optimizer {name}={theirs[0]:g}"
            if theirs[0] and keras_port and theirs[1]:
                change, fix = _l2(theirs[0])
        elif keras_port:
            cause = (
                f"the port's weight decay ({ours[0]:g}) is decoupled from the gradient, as all of "
                "Keras' are, the reference's is added to it (L2)"
            )
            change, fix = _l2(theirs[0])
        else:
            cause = (
                f"the port's weight decay ({ours[0]:g}) is added to the gradient (L2), the "
                "reference's is decoupled from it, as all of Keras' are"
            )
            change = "decoupled weight decay"
            fix = f"take torch.optim.AdamW(..., weight_decay={theirs[0]:g}) in the port"
    else:
        shown = listed([f"{w}: {b[0]:g}, reference {a[0]:g}" for w, a, b in differing])
        cause = f"weight decay differs by weight ({shown})"
        change = "the reference's weight decay of each weight"
        fix = (
            "optimizer.exclude_from_weight_decay(var_names=[...]) for the weights without"
            if keras_port
            else "param groups: {'params': ..., 'weight_decay': 0.0} for the weights without"
        )
    rule = _RULE
    if any(
        l2_of(pair.variable) for w in comparison.trained_weights() for pair in (w.port, w.reference)
    ):
        cause += "; Keras' l2(c) adds 2 * c * weight to the gradient"
        rule = "XFR417"
    framework = comparison.port.framework
    yield Hypothesis(cause, change, fix, lambda: fixed(comparison, framework, decayed), rule)


def _form(decay: Decay) -> str:
    return "added to the gradient (L2)" if decay[1] else "decoupled from it"


def _l2(value: float) -> tuple[str, str]:
    return (
        f"{value:g} * weight added to the gradient",
        f"regularise by L2({value / 2:g}) in Keras, whose weight decays are all decoupled, or take "
        "AdamW in torch",
    )


def decays_for(comparison: Comparison) -> dict[int, Decay]:
    """The reference's, by the port's weights."""
    steppers = dict(zip(("torch", "keras"), both(comparison), strict=True))
    theirs = steppers[comparison.reference.framework]
    return {
        id(w.port.variable): _plain(theirs.decay(w.reference.variable))
        for w in comparison.trained_weights()
    }


def _of_pairs(comparison: Comparison) -> list[tuple[str, Decay, Decay]]:
    """(weight, reference's decay, port's) of those that are trained."""
    steppers = dict(zip(("torch", "keras"), both(comparison), strict=True))
    reference, port = comparison.reference, comparison.port
    found = []
    for w in comparison.trained_weights():
        if not reference.trainable(w.reference) or not port.trainable(w.port):
            continue
        a, b = (
            _plain(steppers[side.framework].decay(handle.variable))
            for side, handle in ((reference, w.reference), (port, w.port))
        )
        if _indifferent(steppers["keras"]) and abs(a[0] - b[0]) <= 1e-7 * abs(a[0]):
            b = a
        found.append((w.port.name, a, b))
    return found


def _indifferent(stepper: Stepper) -> bool:
    """Without momentum both forms move a weight alike."""
    return stepper.kind == "SGD" and not stepper.read(MOMENTUM)


def _plain(decay: Decay) -> Decay:
    return (decay[0], decay[1] and bool(decay[0]))
