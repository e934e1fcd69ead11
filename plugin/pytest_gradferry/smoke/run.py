"""One smoke run: make the trainee, run the checks, put everything back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import frameworks
from .checks import checks
from .errors import SmokeError
from .evidence import Evidence
from .norms import weight_norms
from .report import Outcome, SmokeReport, skipped
from .settings import SEED, STEPS, THREADS, Settings
from .trainee import Trainee


def run(
    model: Any,
    inputs: Any,
    targets: Any = None,
    *,
    loss: Any = None,
    optimizer: Any = None,
    step: Callable[..., Any] | None = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    settings: Settings,
    tell: Callable[[str], None] = lambda _: None,
) -> SmokeReport:
    """Run the checks and report; see `Smoke` for the arguments.  `tell` is told of each check."""
    chosen = _chosen(settings)
    wanted = frozenset(settings.only or ())
    seed = SEED if settings.seed is None else settings.seed
    steps = settings.steps or STEPS
    model = _one_model(model)
    make = _trainee_class(model)
    given = {"sample_weight": sample_weight, "class_weight": class_weight}
    weighing = {name: value for name, value in given.items() if value is not None}
    if weighing and not make.is_fitted:
        raise SmokeError(
            f"{' and '.join(weighing)}: only fit of a compiled Keras model takes it; weigh the "
            "loss in your step"
        )
    started = time.perf_counter()
    with frameworks.undisturbed(settings.threads or THREADS):
        trainee: Trainee = make(model, inputs, targets, loss, optimizer, step, **weighing)
        report = SmokeReport(trainee.title, seed)
        evidence = Evidence(trainee, steps, seed, wanted, settings.steps is not None)
        try:
            for name in chosen:
                tell(name)
                with np.errstate(all="ignore"):  # what is not finite is for `finite` to tell
                    report.outcomes[name] = _outcome(name, evidence, report.outcomes)
        finally:
            evidence.restore()
            trainee.release()
        if "curve" in vars(evidence):
            report.losses = evidence.curve.losses
        report.weights = weight_norms(evidence)
    report.seconds = time.perf_counter() - started
    return report


def _outcome(name: str, evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    try:
        return checks()[name].run(evidence, earlier)
    except Exception as error:
        ended = evidence.trainee.schedule_ended
        if ended(error) or ended(error.__cause__):
            return skipped("the schedule of learning rates ends too early for it")
        raise


def _chosen(settings: Settings) -> list[str]:
    wanted, left_out = settings.only, settings.skip or ()
    chosen = [
        name
        for name, check in checks().items()
        if (check.default if wanted is None else name in wanted) and name not in left_out
    ]
    if not chosen:
        raise SmokeError("only and skip leave no check to run")
    return chosen


def _one_model(model: Any) -> Any:
    """Several torch modules, in a tuple, list or dict, as one that holds them."""
    torch = frameworks.loaded("torch")
    if torch is None or not model or not isinstance(model, (tuple, list, dict)):
        return model
    parts = list(model.values() if isinstance(model, dict) else model)
    if not all(isinstance(part, torch.nn.Module) for part in parts):
        return model
    return (torch.nn.ModuleDict if isinstance(model, dict) else torch.nn.ModuleList)(model)


def _trainee_class(model: Any) -> type[Any]:
    keras = frameworks.loaded("keras")
    if keras is not None and hasattr(keras, "Model") and isinstance(model, keras.Model):
        from .on_keras.trainee import KerasTrainee

        return KerasTrainee
    torch = frameworks.loaded("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        from .on_torch import trainee_class

        return trainee_class(model)
    tf = frameworks.loaded("tensorflow")
    if tf is not None and hasattr(tf, "Module") and isinstance(model, tf.Module):
        from .on_keras.module import ModuleTrainee

        return ModuleTrainee
    if isinstance(model, type):
        raise SmokeError(f"{model.__name__} is a class: pass a model, {model.__name__}()")
    raise SmokeError(
        f"cannot train a {type(model).__module__}.{type(model).__qualname__}: expected a "
        "torch.nn.Module, a keras.Model or a tf.Module"
    )
