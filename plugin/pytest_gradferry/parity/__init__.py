"""The `parity` fixture: prove a port equal to its reference, rung by rung."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from .errors import ParityInputError
from .report import ParityReport

__all__ = ["Parity", "ParityInputError", "ParityReport", "record", "replay"]

_T = TypeVar("_T")

# TensorFlow computes GELU, LeakyReLU and hard sigmoid with float32 constants, which leaves
# up to 1e-8 even in float64; the smallest mistake known (LayerNorm epsilon 1e-6) makes 6e-6.
TOLERANCE = 1e-7


class Parity:
    """What the fixture hands out.

    `keep` gets the report of each call (`report` keeps nothing), `tell` what is done at the moment.
    """

    def __init__(
        self,
        keep: Callable[[ParityReport], None] = lambda _: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._keep = keep
        self._tell = tell

    def __call__(
        self,
        reference: Any,
        port: Any,
        inputs: Any,
        targets: Any = None,
        *,
        loss: Any = None,
        optimizer: Any = "sgd",
        steps: int = 10,
        port_inputs: Any = None,
        port_outputs: Any = None,
        mapping: Mapping[str, str] | None = None,
        weights: str = "reference",
        tolerance: float | None = None,
    ) -> ParityReport:
        """Compare a torch module with a Keras model (on any backend), either as the reference.

        `reference`, `port`: models, or factories without arguments. A factory is built in float64;
        an instance is converted for the run and given back as it was.
        `inputs`, `targets`: arrays, tensors, tuples or dicts of them, in the reference's layout.
        Float arrays of rank 4 and 5 have their channel axis moved for the port, and its outputs'
        moved back; `port_inputs` and `port_outputs` (arrays, tuples, dicts or callables of the
        reference's inputs, of the port's outputs) say otherwise.
        `loss`: cross_entropy, mse, l1, bce_with_logits, nll, huber, kl_div, or a pair (torch's,
        keras') of objects or functions, torch's called with (outputs, targets), Keras' with
        (targets, outputs); a value for each sample is averaged. Of several outputs, {output: loss}
        or a pair of dicts or lists, whose terms are added. A function of one's own gets whatever
        `targets` are: sample weights may be among them. Without a loss, the gradients of a random
        projection are compared and the training rungs skipped.
        `optimizer`: sgd, momentum, nesterov, adam, adamw, rmsprop, adagrad, or a pair (lambda
        params: torch.optim..., keras.optimizers...), whose own hyperparameters are compared.
        torch's function may return (optimizer, scheduler), the scheduler to step after each step,
        as a Keras schedule counts, or (optimizer, scheduler, n), after every n steps, an epoch.
        What torch's loop does around a step goes into hooks of its optimizer: clipping, against
        Keras' clipnorm and others, into `register_step_pre_hook`.
        `mapping`: {reference's layer or weight: port's}, for what does not pair by type and order.
        `weights`: whose weights both get: "reference", "port", or "own" for each its own, compared.
        `tolerance`: of max|a - b| / max|b| in float64, 1e-7 by default.

        Raises AssertionError with the report's text if any rung fails, ParityInputError (or
        FrameworkError where a framework is missing) for what cannot be compared.
        """
        __tracebackhide__ = True
        report = self.report(
            reference,
            port,
            inputs,
            targets,
            loss=loss,
            optimizer=optimizer,
            steps=steps,
            port_inputs=port_inputs,
            port_outputs=port_outputs,
            mapping=mapping,
            weights=weights,
            tolerance=tolerance,
        )
        self._keep(report)
        if not report.passed:
            raise AssertionError(report.text())
        return report

    def report(
        self,
        reference: Any,
        port: Any,
        inputs: Any,
        targets: Any = None,
        *,
        loss: Any = None,
        optimizer: Any = "sgd",
        steps: int = 10,
        port_inputs: Any = None,
        port_outputs: Any = None,
        mapping: Mapping[str, str] | None = None,
        weights: str = "reference",
        tolerance: float | None = None,
    ) -> ParityReport:
        """The same comparison, its report returned whether it passed or not."""
        __tracebackhide__ = True
        _check(loss, targets, steps, weights, tolerance)
        from .. import frameworks
        from . import run

        frameworks.get("torch")  # before TensorFlow: the other order has been seen to crash
        frameworks.get("keras")
        return _run(
            lambda: run.compare(
                reference,
                port,
                inputs,
                targets,
                loss=loss,
                optimizer=optimizer,
                steps=steps,
                port_inputs=port_inputs,
                port_outputs=port_outputs,
                mapping=mapping,
                weights=weights,
                tolerance=TOLERANCE if tolerance is None else tolerance,
                tell=self._tell,
            )
        )

    def record(
        self,
        reference: Any,
        inputs: Any,
        targets: Any = None,
        *,
        to: str | Path,
        loss: Any = None,
        optimizer: str = "sgd",
        steps: int = 10,
    ) -> Path:
        """Run a reference, and write all that a port is compared with into the file `to`.

        For frameworks that cannot be installed side by side, or two versions of one: this needs the
        reference's alone, and `replay` the port's alone. The file is safetensors with JSON in its
        header, and holds weights, batch, every layer's inputs and outputs, gradients and training.
        `reference`, `inputs`, `targets`, `steps`: as for a comparison in one environment.
        `loss`: a name, or the framework's own callable, called its way; `replay` then asks for the
        port's. `optimizer`: a name.
        Returns the path. Raises ParityInputError for what cannot be recorded or written.
        """
        __tracebackhide__ = True
        _check(loss, targets, steps)
        from .recording.record import record

        return _run(
            lambda: record(
                reference, inputs, targets, loss=loss, optimizer=optimizer, steps=steps, to=to
            )
        )

    def replay(
        self,
        path: str | Path,
        port: Any,
        *,
        loss: Any = None,
        port_inputs: Any = None,
        port_outputs: Any = None,
        mapping: Mapping[str, str] | None = None,
        weights: str = "reference",
        tolerance: float | None = None,
    ) -> ParityReport:
        """Compare a port with a recorded reference, of the other framework or of the same one.

        Batch, optimizer, number of steps and, where it was a name, the loss are the record's.
        `weights`: "reference", or "own" to compare the port's own with the record's. Causes of what
        differs are tried on the port; those that need the reference run, or its loss
        called, are not.

        Raises AssertionError with the report's text if any rung fails, ParityInputError for a file
        that is missing, cut short, changed, of another version or no record.
        """
        __tracebackhide__ = True
        report = self.replay_report(
            path,
            port,
            loss=loss,
            port_inputs=port_inputs,
            port_outputs=port_outputs,
            mapping=mapping,
            weights=weights,
            tolerance=tolerance,
        )
        self._keep(report)
        self._keep(report)
        if not report.passed:
            raise AssertionError(report.text())
        return report

    def replay_report(
        self,
        path: str | Path,
        port: Any,
        *,
        loss: Any = None,
        port_inputs: Any = None,
        port_outputs: Any = None,
        mapping: Mapping[str, str] | None = None,
        weights: str = "reference",
        tolerance: float | None = None,
    ) -> ParityReport:
        """The same, its report returned whether it passed or not."""
        __tracebackhide__ = True
        _check(weights=weights, tolerance=tolerance)
        if weights == "port":
            raise ParityInputError('a record keeps its weights: give weights="reference" or "own"')
        from .recording.replay import replay

        return _run(
            lambda: replay(
                path,
                port,
                loss=loss,
                port_inputs=port_inputs,
                port_outputs=port_outputs,
                mapping=mapping,
                weights=weights,
                tolerance=TOLERANCE if tolerance is None else tolerance,
                tell=self._tell,
            )
        )


record = Parity().record
replay = Parity().replay


def _run(compute: Callable[[], _T]) -> _T:
    """Seeded, one thread, and all of it as it was afterwards; errors of input without frames."""
    __tracebackhide__ = True
    from .. import frameworks

    with frameworks.undisturbed():
        for framework in frameworks.in_use():
            framework.seed(0)
        try:
            return compute()
        except ParityInputError as error:  # its message says it all; the cause keeps its frames
            raise error.with_traceback(None) from error.__cause__


def _check(
    loss: Any = None,
    targets: Any = None,
    steps: int = 1,
    weights: str = "reference",
    tolerance: float | None = None,
) -> None:
    if loss is not None and targets is None:
        raise ParityInputError(
            "a loss needs targets: parity(reference, port, inputs, targets, ...)"
        )
    if loss is None and targets is not None:
        raise ParityInputError("targets were given without a loss: give loss=, or leave them out")
    if not isinstance(steps, int) or steps < 1:
        raise ParityInputError(f"steps must be a whole number of at least 1, not {steps!r}")
    if weights not in ("reference", "port", "own"):
        raise ParityInputError(f'weights must be "reference", "port" or "own", not {weights!r}')
    if tolerance is not None and not tolerance > 0:
        raise ParityInputError(f"tolerance must be positive, not {tolerance!r}")
