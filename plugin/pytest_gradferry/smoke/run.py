"""One smoke run: make the trainee, run the checks, put everything back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from .. import frameworks
from .checks import checks
from .errors import SmokeError
from .evidence import Evidence
from .report import SmokeReport
from .trainee import Trainee

STEPS = 20


def run(
    model: Any,
    inputs: Any,
    targets: Any = None,
    *,
    loss: Any = None,
    optimizer: Any = None,
    step: Callable[..., Any] | None = None,
    steps: int | None = None,
    only: Iterable[str] | None = None,
    skip: Iterable[str] = (),
    seed: int = 0,
) -> SmokeReport:
    """Run the checks and report; see `Smoke.__call__` for the arguments."""
    chosen = _chosen(only, skip)
    wanted = frozenset(chosen) if only is not None else frozenset()
    steps = STEPS if steps is None else steps
    if steps < 2:
        raise SmokeError(f"steps={steps}: a training run needs at least 2")
    make: Callable[..., Trainee] = _trainee_class(model)
    started = time.perf_counter()
    with frameworks.undisturbed():
        trainee = make(model, inputs, targets, loss, optimizer, step)
        report = SmokeReport(trainee.title, seed)
        evidence = Evidence(trainee, steps, seed, wanted)
        try:
            for name in chosen:
                report.outcomes[name] = checks()[name].run(evidence, report.outcomes)
        finally:
            evidence.restore()
        if "curve" in vars(evidence):
            report.losses = evidence.curve.losses
    report.seconds = time.perf_counter() - started
    return report


def _chosen(only: Iterable[str] | None, skip: Iterable[str]) -> list[str]:
    known = checks()
    if isinstance(only, str) or isinstance(skip, str):
        raise SmokeError("only and skip take a tuple or list of check ids, not one string")
    wanted = list(only) if only is not None else [c.id for c in known.values() if c.default]
    left_out = set(skip)
    for name in [*wanted, *left_out]:
        if name not in known:
            raise SmokeError(f"unknown check {name!r}: known are {', '.join(known)}")
    return [name for name in known if name in wanted and name not in left_out]


def _trainee_class(model: Any) -> type[Any]:
    keras = frameworks.loaded("keras")
    if keras is not None and hasattr(keras, "Model") and isinstance(model, keras.Model):
        if keras.backend.backend() != "tensorflow":
            raise SmokeError(
                f"training_smoke trains Keras models on the TensorFlow backend, and this one runs "
                f"on {keras.backend.backend()}: set KERAS_BACKEND=tensorflow for this test"
            )
        from .on_keras.trainee import KerasTrainee

        return KerasTrainee
    torch = frameworks.loaded("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        from .on_torch.trainee import TorchTrainee

        return TorchTrainee
    if isinstance(model, type):
        raise SmokeError(f"{model.__name__} is a class: pass a model, {model.__name__}()")
    raise SmokeError(
        f"cannot train a {type(model).__module__}.{type(model).__qualname__}: expected a "
        "torch.nn.Module or a keras.Model"
    )
