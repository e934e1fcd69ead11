"""Climb the rungs in their order, stop at the first that fails, and ask for its causes."""

from __future__ import annotations

from typing import Any

from ..wording import listed
from .causes.attention import head_sizes
from .causes.explain import FORWARD, explain
from .compare import Comparison, Measure, relative
from .other_weights import redrawn, revealing
from .pairing.confirm import confirm
from .pairing.flatten import permute_dense_rows
from .pairing.layers import StructureError, Unit, WeightPair, coupled, pair
from .pairing.own_weights import explain_weights
from .pairing.unpaired import reasons
from .report import (
    EXPLAINED,
    FAIL,
    PASS,
    RUNGS,
    SKIPPED,
    Curves,
    LayerDifference,
    MappedWeight,
    ParityReport,
    Rung,
)
from .settings import Found, compare_settings, unmeasured
from .sides.side import Trace
from .training.chaos import steadied
from .training.embeddings import stop_padding_rows
from .training.explained import aligned_loss, aligned_training, explain_dense
from .training.folding import explain_biases

# Bounds of a right port where float64 is not to be had. Outputs come within 1e-6 even in deep nets;
# gradients, and what follows from them, jump where rounding moves an activation over a kink.
_FLOAT32_BOUNDS = {"gradients": 1e-2, "one-step": 1e-4, "curve": 1e-2, "eval-after": 1e-2}
_FLOAT32_FORWARD = 1e-5
# How much noisier the port may be in float32 than the reference is against its own float64.
_MARGIN = 32.0
_ULP = 1.2e-7

# Of what is kept, by the rung that is the last to ask for it.
_LAST_NEEDED = {
    "forward-eval": ("traceFalse",),
    "gradients": ("eval", "train", "port gradients"),
    "one-step": ("updates",),
}
# What outputs must differ by with other weights, where float32 constants may be blown up.
_REVEALED = 1e-6

_NEEDS_LOSS = ("loss", "one-step", "curve", "eval-after")
_NUMERIC = RUNGS[3:-1]


class Ladder:
    def __init__(
        self,
        comparison: Comparison,
        report: ParityReport,
        mapping: dict[str, str] | None,
        weights: str,
        tolerance: float,
    ) -> None:
        self.comparison = comparison
        self.report = report
        self.mapping = mapping
        self.weights = weights
        self.tolerance = tolerance
        self.float32 = report.dtype == "float32"
        self.noise: tuple[float, float] | None = None
        self.settings = Found([], [], "", [])
        self.padding_rows = False  # gradients are stopped at them, as torch does

    def bound(self, rung: str) -> float:
        if not self.float32:
            return self.tolerance
        bound = max(self.tolerance, _FLOAT32_BOUNDS.get(rung, _FLOAT32_FORWARD))
        if self.noise is None:
            return bound
        forward, backward = (_MARGIN * max(noise, _ULP) for noise in self.noise)
        if rung in ("forward-eval", "forward-train"):
            return forward
        return max(bound, backward if rung == "gradients" else forward)

    def climb(self, traces: tuple[Trace, Trace]) -> None:
        self.comparison.tell("structure")
        if not self._structure(traces):
            return self._leave_out(1, "the layers do not pair")
        if not self._weights():
            return self._leave_out(2, "the weights differ")
        self.comparison.steady = True
        self._settings()
        self._dropout_in_evaluation()
        if self.float32:
            self.noise = self.comparison.float32_noise()
        for side in (self.comparison.reference, self.comparison.port):
            self.report.notes += side.remarks()
        for rung in _NUMERIC:
            if rung in _NEEDS_LOSS and self.comparison.losses is None:
                self._add(rung, SKIPPED, detail="no loss was given")
            elif rung in _NEEDS_LOSS[1:] and self.comparison.untrainable:
                self._add(rung, SKIPPED, detail=self.comparison.untrainable)
            elif not self._numeric(rung) or (rung == "forward-eval" and self._shown_by_others()):
                self._leave_out(RUNGS.index(rung) + 1, f"{rung} failed")
                break
            elif rung == "gradients" and not self.float32:
                self._prepare_training()
            self.comparison.drop(*_LAST_NEEDED.get(rung, ()))
        else:
            if self.settings:
                self._small_differences()
            self._confirm()
        if (slower := self.comparison.optimizers.slower) < 1:
            self.report.notes.append(
                f"learning rate of {self.comparison.optimizers.name} times {slower:g}: with more "
                "the reference's loss explodes, or rounding does"
            )
        if all(rung.status != FAIL for rung in self.report.rungs[3:]):
            framework = self.comparison.port.framework
            self.report.findings += unmeasured(self.settings, self.report.findings, framework)
        return None

    def _add(self, *args: Any, **kwargs: Any) -> None:
        self.report.rungs.append(Rung(*args, **kwargs))

    def _leave_out(self, start: int, reason: str) -> None:
        for name in RUNGS[start:]:
            self._add(name, SKIPPED, detail=reason)

    # -- structure, weights, settings -----------------------------------------------------------

    def _structure(self, traces: tuple[Trace, Trace]) -> bool:
        comparison = self.comparison
        try:
            comparison.pairing = pair(comparison.reference, comparison.port, traces, self.mapping)
        except StructureError as error:
            self._add("structure", FAIL, detail=str(error))
            self.report.findings += reasons(comparison, traces, self._copy)
            self.report.findings += head_sizes(comparison.reference, comparison.port)
            return False
        pairing = comparison.pairing
        self._add(
            "structure",
            PASS,
            detail=f"{len(pairing.layers)} layers, {len(pairing.weights)} weights",
        )
        if pairing.idle:
            self.report.notes.append(f"{listed(pairing.idle)}: the other side keeps no statistics")
        return True

    def _weights(self) -> bool:
        comparison = self.comparison
        permuted = self._assign([p.port for p in comparison.pairing.layers])

        def assign(partners: list[Unit]) -> None:
            permuted[:] = self._assign(partners)

        if moved := confirm(comparison, set(self.mapping or {}), assign):
            self.report.notes.append(
                f"{listed(moved)}: paired by what they are fed, not in the order of their calls"
            )
        self.padding_rows = stop_padding_rows(comparison)
        self.report.mapping = [
            MappedWeight(
                w.reference.name,
                comparison.reference.get(w.reference).shape,
                w.port.name,
                comparison.port.get(w.port).shape,
            )
            for w in comparison.pairing.weights
        ]
        if self.weights == "own":
            return self._own_weights()
        source = "the reference" if self.weights == "reference" else "the port"
        detail = f"copied from {source}"
        if permuted:
            detail += f"; {listed(permuted)}: rows permuted for the channels-last flatten"
        self._add("weights", PASS, detail=detail)
        return True

    def _assign(self, partners: list[Unit]) -> list[str]:
        """Pair the reference's layers with these of the port, and copy the weights; the names of
        those that were permuted for a flatten."""
        comparison = self.comparison
        pairing = comparison.pairing
        pairing.layers = [
            coupled(comparison.reference, comparison.port, p.reference, unit)
            for p, unit in zip(pairing.layers, partners, strict=True)
        ]
        if self.weights == "own":
            comparison.forget()
            return permute_dense_rows(comparison, lambda layer: None)
        self._copy(pairing.weights)
        return permute_dense_rows(comparison, lambda layer: self._copy(layer.weights))

    def _copy(self, weights: list[WeightPair]) -> None:
        reference, port = self.comparison.reference, self.comparison.port
        for w in weights:
            if self.weights == "reference":
                port.set(w.port, w.to_port(reference.get(w.reference)))
            else:
                reference.set(w.reference, w.to_reference(port.get(w.port)))
        self.comparison.forget()

    def _own_weights(self) -> bool:
        """The port keeps what the user copied into it."""
        comparison = self.comparison
        reference, port = comparison.reference, comparison.port
        errors = {
            w.name: relative(w.to_reference(port.get(w.port)), reference.get(w.reference))
            for w in comparison.pairing.weights
        }
        worst = max(errors, key=lambda name: errors[name], default="")
        bound = max(self.tolerance, 2 * _ULP)  # the user copied float32 values
        wrong = [w for w in comparison.pairing.weights if errors[w.name] > bound]
        self._add(
            "weights",
            FAIL if wrong else PASS,
            errors.get(worst, 0.0),
            bound,
            f"the port's own; {worst}" if wrong else "the port's own",
        )
        if wrong:
            self.report.findings += explain_weights(comparison, wrong)
        return not wrong

    def _settings(self) -> None:
        traces = self.comparison.traces()
        self.settings = found = compare_settings(self.comparison, traces)
        self.report.layers = [
            LayerDifference(
                c.reference.label, c.port.label, relative(c.output(), c.reference.output)
            )
            for c in self.comparison.couples(traces)
        ]
        self._add("settings", FAIL if found else PASS, detail=str(found))

    def _dropout_in_evaluation(self) -> None:
        """Dropout that never rests is let act where the other side has none; else all is off."""
        sides = (self.comparison.reference, self.comparison.port)
        acting = [name for side in sides for name in side.acting]
        if all(side.acting for side in sides):
            self.report.notes.append(f"{listed(acting)}: on in evaluation too, switched off here")
            return
        for side in sides:
            side.dropout_in_evaluation = bool(side.acting)
        if acting:
            self.comparison.forget()

    def _small_differences(self) -> None:
        """Settings that differ, though every rung stays within its bound: try them all the same."""
        exact = 1e-12
        for rung in FORWARD:
            if self.comparison.measure(rung).error > exact:
                _, found, _ = explain(self.comparison, [rung], lambda _: exact, self.settings)
                self.report.findings += found
                return

    # -- the measured rungs ---------------------------------------------------------------------

    def _numeric(self, rung: str) -> bool:
        self.comparison.tell(rung)
        measure, bound = steadied(self.comparison, rung, self.bound(rung))
        if measure.error > bound and rung in ("one-step", "curve"):
            measure = aligned_training(self.comparison, measure, rung, bound)
        if measure.error > bound and rung == "loss":
            measure = aligned_loss(self.comparison, measure, bound)
        if rung == "curve":
            self.report.curves = Curves(*self.comparison.curves())
            if measure.error <= bound:
                explain_biases(self.comparison, measure)
                explain_dense(self.comparison, measure)
        if rung == "eval-after" and measure.error <= bound:
            self._bessel(measure)
        if rung == "gradients" and measure.error <= bound and self.padding_rows:
            measure.explained = "padding_idx: that row gets no gradient in torch, nor here in Keras"
        detail = "; ".join(part for part in (measure.worst, measure.detail) if part)
        if measure.error <= bound:
            status = EXPLAINED if measure.explained else PASS
            detail = measure.explained or measure.detail
            self._add(rung, status, measure.error, bound, detail)
            return True
        self._add(rung, FAIL, measure.error, bound, detail)
        self._explain(rung, bound)
        return False

    def _bessel(self, measure: Measure) -> None:
        comparison = self.comparison
        if not any(p.reference.row.kind == "batchnorm" for p in comparison.pairing.layers):
            return
        without = comparison.with_bessel_factor().error
        if without > measure.error:
            measure.explained = (
                f"torch's running_var has the Bessel factor n/(n-1): {without:.1e} with it"
            )

    def _prepare_training(self) -> None:
        comparison = self.comparison
        if silenced := comparison.silence_noise():
            comparison.forget()
            self.report.notes.append(
                f"{listed(silenced)}: the gradient is zero but for rounding, and left out of "
                "training"
            )
        if comparison.losses is not None and comparison.trained_weights():
            comparison.slow_down()

    def _explain(self, rung: str, bound: float) -> None:
        rest = [
            name
            for name in _NUMERIC[_NUMERIC.index(rung) :]
            if name not in _NEEDS_LOSS or self.comparison.losses is not None
        ]
        where, findings, left = explain(self.comparison, rest, self.bound, self.settings)
        if where is not None:
            self.report.divergence = f"{where}: {where.verdict}"
        self.report.findings += findings
        if not findings:
            self.report.unexplained = (
                "no known cause explains it: each one tried left the difference as it was"
            )
            if self.comparison.recorded:
                self.report.unexplained += (
                    "\n  the reference is a record: causes that need it run, or its loss called, "
                    "are only tried by parity(...), in one environment"
                )
            if rung == "forward-eval" and self.comparison.pairing.ambiguous:
                self.report.unexplained += (
                    "\n  layers of the same shape were paired in the order of their calls; if the "
                    "port calls them in another, name them: mapping={reference: port}"
                )
        elif left > bound:
            self.report.unexplained = f"with all of that, {rung} still differs by {left:.1e}"

    def _shown_by_others(self) -> bool:
        """Layers differ where the outputs do not, behind a ReLU that is dead on this batch maybe:
        whether other weights show it, which fails the rung that passed."""
        bound = self.bound("forward-eval")
        hidden = [d for d in self.report.layers if bound < d.error < float("inf")]
        if not hidden:
            return False
        names = listed([d.reference for d in hidden])
        said = (
            f"{names}: the outputs of the layer differ by up to {max(d.error for d in hidden):.1e}"
        )
        if self.comparison.recorded or self.float32:
            self.report.notes.append(
                f"{said}, which the model's do not show on this batch; compare with other weights "
                "or inputs"
            )
            return False
        seed = revealing(self.comparison, max(bound, _REVEALED))
        if seed is None:
            return False
        with redrawn(self.comparison, seed):
            error = self.comparison.forward_eval().error
            detail = "with the signs of the weights drawn anew; as they are, this batch hides it"
            self.report.rungs[-1] = Rung("forward-eval", FAIL, error, bound, detail)
            self._explain("forward-eval", bound)
        self.report.notes.append(f"{said}, which the model's do not show with the weights given")
        return True

    def _confirm(self) -> None:
        """Once more in float32, within what float32 costs the reference itself.

        The outputs decide. Gradients are only told: one activation that rounds to the other side
        of a kink changes them by percents, in a right port too.
        """
        comparison = self.comparison
        if self.float32:
            return self._add("float32", SKIPPED, detail="this run was in float32")
        comparison.tell("float32")
        exact = comparison.reference_gradients()
        for side in (comparison.reference, comparison.port):
            side.use("float32")
        comparison.forget()
        error, gradients = comparison.forward_eval().error, comparison.gradients().error
        forward, backward = comparison.own_noise(comparison.reference, exact)
        bound = _MARGIN * max(forward, _ULP)
        self._add(
            "float32",
            PASS if error <= bound else FAIL,
            error,
            bound,
            f"gradients {gradients:.1e}; the reference's differ by {backward:.1e} from its float64",
        )
        return None
