"""Learning rates: one that differs, or the course that a schedule gives them; and the momentum
that a schedule of torch moves along."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial

from ...compare import Comparison
from ...training.hyperparameters import HYPERPARAMETERS, LEARNING_RATE, Hyperparameter
from ...training.steppers import Stepper, TorchStepper, equal_rates, takes_metric
from ..hypothesis import Hypothesis
from .apply import both, fixed

_RULE = "XFR418"
Same = Callable[[float, float], bool]


def rates(comparison: Comparison) -> Iterator[Hypothesis]:
    torch, keras = both(comparison)
    keras_port = comparison.port.framework == "keras"
    reference, port = (torch, keras) if keras_port else (keras, torch)
    theirs, ours = (s.planned_rates(comparison.steps) for s in (reference, port))
    same = equal_rates(theirs, ours)
    first = next(
        (t for t, pair in enumerate(zip(theirs, ours, strict=True)) if not same(*pair)), None
    )
    if first is None:
        return
    name = LEARNING_RATE.keras if keras_port else LEARNING_RATE.torch
    if not reference.scheduled and not port.scheduled:
        value = float(f"{theirs[0]:.7g}")
        cause = f"learning rate of the port's optimizer is {ours[0]:g}, the reference's {value:g}"
        change = f"{name}={value:g}"
        fix, rule = f"give the port's optimizer {change}", None
    else:
        cause, fix, rule = _of_schedules(reference, port, theirs, ours, first)
        change = "the reference's learning rates"

    def given(made: Stepper) -> None:
        made.rates = theirs

    yield Hypothesis(
        cause,
        change,
        fix,
        lambda: fixed(comparison, comparison.port.framework, given),
        rule,
    )


def _of_schedules(
    reference: Stepper, port: Stepper, theirs: list[float], ours: list[float], first: int
) -> tuple[str, str, str | None]:
    """Cause, fix and rule."""
    same = equal_rates(theirs, ours)
    course = f"{_course(ours)}, the reference's {_course(theirs)}"
    if not port.scheduled:
        return (
            f"the port has no learning rate schedule: {course}",
            "give the port's optimizer the reference's schedule",
            None,
        )
    if not reference.scheduled:
        return (
            f"the port has a learning rate schedule, the reference none: {course}",
            "leave the schedule out, or give the reference one",
            None,
        )
    for epoch in range(2, len(theirs)):
        for slow, fast, slow_role in ((theirs, ours, "reference"), (ours, theirs, "port")):
            if _counts_epochs(slow, fast, epoch, same):
                fast_role = "port" if slow_role == "reference" else "reference"
                return (
                    f"the {fast_role}'s schedule counts steps, the {slow_role}'s epochs of {epoch} "
                    f"steps: {course}",
                    "Keras schedules count optimizer steps, torch's calls of scheduler.step(): "
                    f"multiply the port's step counts by {epoch}"
                    if fast_role == "port"
                    else f"divide the port's step counts by {epoch}, or step it once a step",
                    _RULE,
                )
    for shift, when in ((1, "ahead"), (-1, "behind")):
        if _shifted(theirs, ours, shift, same):
            return (
                f"the port's schedule is a step {when} of the reference's: {course}",
                "start both at the same step",
                _RULE,
            )
    return (
        f"the learning rates differ from step {first + 1}: {ours[first]:g}, the reference's "
        f"{theirs[first]:g}",
        "give the port's schedule the reference's course",
        _RULE,
    )


def _counts_epochs(slow: list[float], fast: list[float], epoch: int, same: Same) -> bool:
    """`slow` takes at each epoch the rate that `fast` takes at each step."""
    stretched = [fast[t // epoch] for t in range(len(slow))]
    return not same(stretched[0], stretched[-1]) and all(map(same, stretched, slow))


def _shifted(theirs: list[float], ours: list[float], shift: int, same: Same) -> bool:
    a, b = (theirs[1:], ours[:-1]) if shift > 0 else (theirs[:-1], ours[1:])
    return bool(a) and all(map(same, a, b))


def _course(rates: list[float]) -> str:
    if min(rates) == max(rates):
        return f"always {rates[0]:g}"
    return f"{rates[0]:g} at the first step, {rates[-1]:g} at step {len(rates)}"


def group_rates(comparison: Comparison) -> Iterator[Hypothesis]:
    """torch's param groups have rates of their own; a Keras optimizer has one."""
    torch, keras = both(comparison)
    own = [float(group["lr"]) for group in torch.optimizer.param_groups]
    rate = float(f"{keras.planned_rates(1)[0]:.7g}")
    if len(set(own)) == 1:
        return
    role = "port" if comparison.port.framework == "torch" else "reference"

    def alike(made: TorchStepper) -> None:
        for group in made.optimizer.param_groups:
            group["lr"] = rate

    yield Hypothesis(
        f"the {role}'s param groups have learning rates of "
        f"{', '.join(f'{value:g}' for value in own)}; the Keras optimizer has one, {rate:g}",
        f"lr={rate:g} in all groups",
        "take one rate for all, or scale the gradients in a train_step of the Keras model",
        lambda: fixed(comparison, "torch", alike),
    )


def cycled(comparison: Comparison) -> Iterator[Hypothesis]:
    """OneCycleLR and CyclicLR of torch move the momentum too; Keras' schedules are of rates."""
    torch, keras = both(comparison)
    if torch.scheduler is None:
        return
    kind = type(torch.scheduler).__name__
    for h in HYPERPARAMETERS:
        kept = keras.read(h)
        if h.name not in ("momentum", "beta_1") or torch.kind not in h.kinds or kept is None:
            continue
        course = _course_of(torch, h, comparison.steps)
        if len(set(course)) == 1:
            continue
        low, high = min(course), max(course)

        def keep(made: TorchStepper, h: Hyperparameter = h, kept: float = kept) -> None:
            made.kept[h] = kept

        role = "reference" if comparison.port.framework == "keras" else "port"
        yield Hypothesis(
            f"torch's {kind} of the {role} moves {h.name} between {low:g} and {high:g}, which "
            f"Keras' optimizer keeps at {kept:g}",
            f"{h.name}={kept:g} in all steps",
            f"{kind}(..., cycle_momentum=False), or set Keras' {h.name} before each step",
            partial(fixed, comparison, "torch", keep),
        )


def _course_of(made: TorchStepper, h: Hyperparameter, steps: int) -> list[float]:
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a scheduler that steps before the optimizer
        for t in range(steps):
            found.append(float(made.read(h)))
            if (t + 1) % made.every == 0 and t + 1 < steps and not takes_metric(made.scheduler):
                made.scheduler.step()
    return found
