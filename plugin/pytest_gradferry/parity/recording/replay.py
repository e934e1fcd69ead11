"""Compare a port with a recorded reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from .. import tree
from ..compare import NOISE, Comparison, Trained, largest
from ..errors import ParityInputError
from ..ladder import Ladder
from ..layout import mover, override
from ..report import ParityReport
from ..run import arrays, first_traces, input_map, opened, place_targets, side_of
from ..sides.side import Gradients, Side
from ..training.folding import fold_biases
from ..training.losses import Losses
from .one_sided import OneSidedLosses, OneSidedOptimizers
from .side import RecordedSide
from .store import Reader


class Replay(Comparison):
    """A comparison whose reference is not run: its training was recorded."""

    recorded = True

    @property
    def record(self) -> RecordedSide:
        assert isinstance(self.reference, RecordedSide)
        return self.reference

    @property
    def untrainable(self) -> str:
        if self.record.padded:
            return "the port's padding_idx gets no gradient, and the record was trained without it"
        return super().untrainable

    def _gradients(self, side: Side) -> Gradients:
        return self.record.recorded_gradients() if side is self.record else super()._gradients(side)

    def _updates(self, side: Side, gradients: dict[int, Any]) -> list[Any]:
        if side is not self.record:
            return super()._updates(side, gradients)
        found = self.record.updates()
        handles = [w.reference for w in self.trained_weights()]
        none = [np.zeros(h.variable.shape) for h in handles]
        return [h.of(found.get(side.key(h), zeros)) for h, zeros in zip(handles, none, strict=True)]

    def _train(self, side: Side) -> Trained:
        return self.record.trained() if side is self.record else super()._train(side)

    def silence_noise(self) -> list[str]:
        """As the record was: what the reference's gradient is zero of, but for rounding."""
        theirs = self.reference_gradients()
        noise = NOISE * largest(theirs.weights.values())
        silenced = []
        for pair in self.trained_weights():
            gradient = theirs.of(pair.reference)
            if gradient is None or not gradient.size or np.abs(gradient).max() > noise:
                continue
            self.reference.mask(pair.reference, 0.0)
            self.port.mask(pair.port, 0.0)
            silenced.append(pair.name)
        return silenced

    def slow_down(self) -> None:
        """The rate is the record's."""


def replay(
    path: Any,
    port: Any,
    *,
    loss: Any,
    port_inputs: Any,
    port_outputs: Any,
    mapping: Mapping[str, str] | None,
    weights: str,
    tolerance: float,
    tell: Callable[[str], None],
) -> ParityReport:
    """See `pytest_gradferry.parity.replay`."""
    reference = RecordedSide(Reader(Path(path)))
    side = side_of(port, "port")
    record, training = reference.record, reference.record["training"]
    to_port = mover(reference.framework, side.framework)
    given = port_inputs if callable(port_inputs) else arrays(port_inputs, callables=True)
    comparison = Replay(
        reference,
        side,
        inputs=reference.inputs,
        port_inputs=arrays(override(given, reference.inputs, to_port)),
        targets=reference.targets,
        port_targets=tree.transform(to_port, reference.targets),
        input_map=input_map(given, reference.inputs, to_port),
        port_outputs=port_outputs,
        steps=record["steps"],
        losses=_losses(record, loss, side.framework),
        optimizers=OneSidedOptimizers(record["optimizer"], side, record["steps"]),
        tell=tell,
    )
    if training is not None:
        comparison.optimizers.slower = training["slower"]
    report = ParityReport(str(reference), str(side))
    with ExitStack() as stack:
        stack.enter_context(opened(side, comparison.port_inputs))
        for each in (reference, side):
            each.population_variance = True
        fold_biases(side, one_bias=record["one_bias"])
        if record["dtype"] == "float32":
            side.use("float32")
            report.dtype = "float32"
            report.notes.append(f"compared in float32: so was {reference}")
        traces = first_traces(comparison, report)
        place_targets(comparison, traces)
        Ladder(comparison, report, dict(mapping or {}), weights, tolerance).climb(traces)
    return report


def _losses(record: dict[str, Any], loss: Any, framework: str) -> Losses | None:
    """Raises ParityInputError where the port's loss does not go with the recorded one."""
    if record["lossless"]:
        if loss is not None:
            raise ParityInputError("the reference was recorded without a loss: leave out loss=")
        return None
    if record["loss"] is not None:
        if loss not in (None, record["loss"]):
            raise ParityInputError(
                f"the reference was recorded with loss={record['loss']!r}: leave out loss="
            )
        return OneSidedLosses(record["loss"], framework)
    if loss is None or isinstance(loss, str):
        raise ParityInputError(
            "the reference was recorded with a loss of the user's own: give the port's, "
            f"loss=..., as {framework} calls it"
        )
    return OneSidedLosses(loss, framework)
