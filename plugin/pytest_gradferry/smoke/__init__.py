"""Smoke tests of training: a model, one batch and a training step, and what must hold of them.

`Smoke` is what the `training_smoke` fixture hands out; `smoke` does the same without pytest.
Layers, from the outside in: `run` (the checks, in order) over `evidence` (passes of training from
one start) over `trainee` (one model with its step; one module a framework).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .errors import SmokeError
from .report import Finding, Outcome, SmokeReport
from .run import run

__all__ = ["Finding", "Outcome", "Smoke", "SmokeError", "SmokeReport"]


class Smoke:
    """The `training_smoke` fixture: call it with a model, a batch and how to train.

    `keep` gets the report of each call; `report` keeps nothing.
    """

    def __init__(
        self,
        steps: int | None = None,
        skip: Iterable[str] = (),
        keep: Callable[[SmokeReport], None] = lambda _: None,
    ) -> None:
        self._steps = steps
        self._skip = tuple(skip)
        self._keep = keep

    def __call__(
        self,
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
        """Train on one batch, run the checks, and raise AssertionError with all that failed.

        `model` is a torch.nn.Module or a keras.Model.  `inputs` and `targets` are NumPy arrays or
        tensors, or tuples or dicts of them, the batch on the first axis; floats are cast to the
        model's dtype.  `loss` is a name (cross_entropy, mse, l1, bce_with_logits, nll, huber,
        kl_div) or the framework's own callable, called its way.  `optimizer` is a name, an
        instance or, for torch, a callable of the parameters.  `step(inputs, targets) -> loss` is
        a training step of your own, which is then what is tested.  A compiled Keras model needs
        neither.  `only` and `skip` take ids of checks; `steps` is the length of the training run
        (default 20).

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
            steps=steps,
            only=only,
            skip=skip,
            seed=seed,
        )
        self._keep(report)
        if not report.passed:
            raise AssertionError(str(report))
        return report

    def report(self, model: Any, inputs: Any, targets: Any = None, **options: Any) -> SmokeReport:
        """The same without raising: returns the SmokeReport, failed checks and all."""
        __tracebackhide__ = True
        options["steps"] = options.get("steps") or self._steps
        if not isinstance(options.get("skip", ()), str):  # `run` refuses that
            options["skip"] = (*options.get("skip", ()), *self._skip)
        try:
            result = run(model, inputs, targets, **options)
        except SmokeError as error:  # its message says it all; the cause keeps its frames
            raise error.with_traceback(None) from error.__cause__
        return result
