"""Smoke tests of training: a model, one batch and a training step, and what must hold of them.

`Smoke` is what the `training_smoke` fixture hands out; `training_smoke` and `check` do the same in
any other test, of unittest's for one.
Layers, from the outside in: `run` (the checks, in order) over `evidence` (passes of training from
one start) over `trainee` (one model with its step; one module a framework).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from unittest import SkipTest

from .errors import SmokeError
from .report import Finding, Outcome, SmokeReport
from .run import run
from .settings import Settings

__all__ = ["Finding", "Outcome", "Smoke", "SmokeError", "SmokeReport", "check", "training_smoke"]


class Smoke:
    """The `training_smoke` fixture: call it with a model, a batch and how to train.

    `settings` hold where a call says nothing.  `keep` gets the report of each call (`report` keeps
    nothing), `tell` the id of each check before it runs.  `replay` is the command that does it all
    again, for the report.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        keep: Callable[[SmokeReport], None] = lambda _: None,
        tell: Callable[[str], None] = lambda _: None,
        replay: str = "",
    ) -> None:
        self._settings = settings or Settings()
        self._keep = keep
        self._tell = tell
        self._replay = replay

    def __call__(
        self,
        model: Any,
        inputs: Any,
        targets: Any = None,
        *,
        loss: Any = None,
        optimizer: Any = None,
        step: Callable[..., Any] | None = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        steps: int | None = None,
        only: Iterable[str] | None = None,
        skip: Iterable[str] | None = None,
        seed: int | None = None,
    ) -> SmokeReport:
        """Train on one batch, run the checks, and raise AssertionError with all that failed.

        `model` is a torch.nn.Module, several in a tuple, list or dict, a LightningModule, which
        trains as Lightning would train it, a keras.Model on any backend with gradients, or a
        tf.Module.  `inputs` and `targets` are NumPy arrays or tensors, or tuples or dicts of them,
        the batch on the first axis; floats are cast to the model's dtype.  `loss` is a name
        (cross_entropy, mse, l1, bce_with_logits, nll, huber, kl_div) or the framework's own
        callable, called its way.  `optimizer` is a name, an instance or, for torch, a callable of
        the parameters.  `step(inputs, targets) -> loss` is a training step of your own, which is
        then what is tested.  A compiled Keras model and a LightningModule need neither.
        `sample_weight`, of one value a sample, and `class_weight`, a dict of class and weight,
        are handed to a compiled Keras model as its `fit` hands them.  `only` and `skip` take ids
        of checks; `steps` is the length of the training run (default 20), `seed` what the random
        draws start from (default 0).

        Weights, optimizer state, gradients, modes, random states and threads are afterwards what
        they were.  Raises SmokeError, a ValueError, when the run cannot be done as asked.
        """
        __tracebackhide__ = True
        report = self.report(
            model,
            inputs,
            targets,
            loss=loss,
            optimizer=optimizer,
            step=step,
            sample_weight=sample_weight,
            class_weight=class_weight,
            steps=steps,
            only=only,
            skip=skip,
            seed=seed,
        )
        self._keep(report)
        if not report.passed:
            raise AssertionError(str(report))
        return report

    def report(
        self,
        model: Any,
        inputs: Any,
        targets: Any = None,
        *,
        loss: Any = None,
        optimizer: Any = None,
        step: Callable[..., Any] | None = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        steps: int | None = None,
        only: Iterable[str] | None = None,
        skip: Iterable[str] | None = None,
        seed: int | None = None,
    ) -> SmokeReport:
        """The same without raising: returns the SmokeReport, failed checks and all."""
        __tracebackhide__ = True
        try:
            said = Settings.checked(steps=steps, only=only, skip=skip, seed=seed)
            report = run(
                model,
                inputs,
                targets,
                loss=loss,
                optimizer=optimizer,
                step=step,
                sample_weight=sample_weight,
                class_weight=class_weight,
                settings=said.over(self._settings),
                tell=self._tell,
            )
        except SmokeError as error:  # its message says it all; the cause keeps its frames
            raise error.with_traceback(None) from error.__cause__
        report.replay = self._replay
        return report


training_smoke = Smoke()


def check(
    name: str,
    model: Any,
    inputs: Any,
    targets: Any = None,
    *,
    loss: Any = None,
    optimizer: Any = None,
    step: Callable[..., Any] | None = None,
    sample_weight: Any = None,
    class_weight: dict[int, float] | None = None,
    steps: int | None = None,
    seed: int | None = None,
) -> SmokeReport:
    """Run the one check of that id, e.g. `check("fresh-gradients", model, x, y, step=step)`.

    The arguments are those of `training_smoke`.  Raises AssertionError with what was found if the
    check fails, unittest.SkipTest with the reason where it cannot tell (pytest and unittest both
    report the test as skipped), and SmokeError for an unknown id or what cannot be run.
    """
    __tracebackhide__ = True
    report = training_smoke(
        model,
        inputs,
        targets,
        loss=loss,
        optimizer=optimizer,
        step=step,
        sample_weight=sample_weight,
        class_weight=class_weight,
        steps=steps,
        only=[name],
        seed=seed,
    )
    outcome = report.outcomes[name]
    if outcome.status == "skipped":
        raise SkipTest(f"{name}: {outcome.reason}")
    return report
