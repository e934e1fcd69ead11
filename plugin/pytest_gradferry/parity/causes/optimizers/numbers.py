"""Another optimizer altogether, or one of its hyperparameters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from ....frameworks import load
from ...compare import Comparison
from ...training.hyperparameters import (
    EPSILON,
    HAT,
    HYPERPARAMETERS,
    KINDS,
    LEARNING_RATE,
    NO_EPSILON,
    UNDER_ROOT,
    Hyperparameter,
    epsilon_alike,
)
from ...training.steppers import KerasStepper, Stepper, TorchStepper
from ..hypothesis import Hypothesis
from .apply import both, fixed
from .decay import decays_for

_IN_KERAS = {torchs: kerass for kerass, torchs in KINDS.items()}


def kind(comparison: Comparison) -> Iterator[Hypothesis]:
    theirs, ours = both(comparison)
    if _same_kind(theirs, ours):
        return
    keras_port = comparison.port.framework == "keras"
    wanted: Stepper = theirs if keras_port else ours
    here: Stepper = ours if keras_port else theirs
    name = _IN_KERAS.get(wanted.kind) if keras_port else wanted.kind
    if name is None or (not keras_port and wanted.kind not in _IN_KERAS):
        return
    rates, decays = wanted.planned_rates(comparison.steps), decays_for(comparison)
    shown = {"learning_rate" if keras_port else "lr": rates[0]} | _arguments(wanted, keras_port)
    written = ", ".join(f"{key}={_number(value)}" for key, value in shown.items())

    def replace(made: Stepper) -> None:
        made.optimizer = _built(name, made, rates[0], _arguments(wanted, keras_port))
        made.rates = rates
        made.decays = decays

    yield Hypothesis(
        f"the port's optimizer is {here.family}, the reference's {wanted.family}",
        f"{name}({written})",
        f"take {name}({written}) in the port",
        lambda: fixed(comparison, comparison.port.framework, replace, of_both=True),
    )


def _same_kind(theirs: TorchStepper, ours: KerasStepper) -> bool:
    return theirs.kind == ours.kind or (theirs.kind in HAT and ours.kind in HAT)


def _arguments(wanted: Stepper, for_keras: bool) -> dict[str, Any]:
    """`wanted`'s hyperparameters, by the other framework's names; those left alone are left out."""
    found: dict[str, Any] = {}
    for h in HYPERPARAMETERS:
        value = wanted.read(h)
        if wanted.kind not in h.kinds or h is LEARNING_RATE or value in (None, h.neutral):
            continue
        if for_keras and h.keras:
            found[h.keras] = value
        elif not for_keras and h.index is None:
            found[h.torch] = value
        elif not for_keras:
            found[h.torch] = (*found.get(h.torch, ()), value)
    return found


def _built(name: str, made: Stepper, rate: float, arguments: dict[str, Any]) -> Any:
    if isinstance(made, TorchStepper):
        return getattr(load("torch").optim, name)(made.parameters, lr=rate, **arguments)
    return getattr(load("keras").optimizers, name)(rate, **arguments)


def numbers(comparison: Comparison) -> Iterator[Hypothesis]:
    theirs, ours = both(comparison)
    if not _same_kind(theirs, ours):
        return
    for h in HYPERPARAMETERS:
        a, b = theirs.read(h), ours.read(h)
        if h is LEARNING_RATE or ours.kind not in h.kinds or a is None or b is None:
            continue
        if h is EPSILON:
            if not epsilon_alike(ours.kind, a, b):
                yield _epsilon(comparison, ours.kind, a, b)
        elif not h.same(a, b):
            yield _number_hypothesis(comparison, h, a, b)


def _number_hypothesis(
    comparison: Comparison, h: Hyperparameter, theirs: Any, ours: Any
) -> Hypothesis:
    keras_port = comparison.port.framework == "keras"
    here, there = (ours, theirs) if keras_port else (theirs, ours)
    if not h.keras and keras_port:
        return Hypothesis(
            f"the reference's optimizer has {h.name}={_number(theirs)}, which Keras' has not",
            f"{h.torch}={_number(h.neutral)} in the reference",
            f"train the reference without {h.torch}",
            lambda: fixed(comparison, "torch", lambda made: made.write(h, h.neutral)),
        )
    name = h.keras if keras_port else h.torch
    if h.index is not None and not keras_port:
        name = h.name
    return Hypothesis(
        f"{h.name} of the port's optimizer is {_number(here)}, the reference's {_number(there)}",
        f"{name}={_number(there)}",
        f"give the port's optimizer {name}={_number(there)}",
        lambda: fixed(comparison, comparison.port.framework, lambda made: made.write(h, there)),
        h.rule,
    )


def _epsilon(comparison: Comparison, kind: str, theirs: float, ours: float) -> Hypothesis:
    keras_port = comparison.port.framework == "keras"
    here, there = (ours, theirs) if keras_port else (theirs, ours)
    name = "epsilon" if keras_port else "eps"
    cause = f"epsilon of the port's optimizer is {here:g}, the reference's {there:g}"
    if kind not in UNDER_ROOT:
        return Hypothesis(
            cause,
            f"{name}={there:g}",
            f"give the port's optimizer {name}={there:g}",
            lambda: fixed(
                comparison, comparison.port.framework, lambda made: made.write(EPSILON, there)
            ),
        )
    square = theirs**2 if keras_port else ours**0.5
    return Hypothesis(
        f"{cause}, and {kind}'s stands under the root in Keras, beside it in torch",
        "epsilon left out of both",
        f"give the port's optimizer {name}={square:g}: "
        + ("the square of torch's" if keras_port else "the root of Keras'"),
        partial(_without_epsilon, comparison),
    )


@contextmanager
def _without_epsilon(comparison: Comparison) -> Iterator[None]:
    with (
        fixed(comparison, "torch", lambda made: made.write(EPSILON, NO_EPSILON)),
        fixed(comparison, "keras", lambda made: made.write(EPSILON, NO_EPSILON**2)),
    ):
        yield


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
