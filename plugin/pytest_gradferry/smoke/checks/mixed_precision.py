"""mixed-precision: gradients in half precision are scaled and unscaled once, and none get lost."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np

from ...frameworks import Array
from ..evidence import Evidence
from ..precision import Backward, Gradients
from ..report import Finding, Outcome, failed, follows, passed, skipped
from ..verdict import falls
from . import Check
from . import failed as has_failed

_ATTEMPTS = 20  # a scaler that starts at 65536 has come down to 1 by then
_APART = 4.0  # between the two loss scales compared
_LOUDER = (1024.0, 32.0)  # what a loss is multiplied by to see the gradients that are lost without
_LOST = 0.1  # of the gradients that are not zero


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    precision = evidence.trainee.precision
    evidence.watched  # noqa: B018  the optimizers are known after it
    with evidence.from_start():
        kind = precision.kind()
    if not kind and precision.scale() is None:
        if CHECK.id in evidence.wanted:
            return _lowered(evidence)
        return skipped("nothing in the step computes in half precision")
    if precision.scale() is not None:
        return _scaled(evidence, earlier)
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    if kind == "float16":
        return _unscaled(evidence)
    return passed(f"{kind} needs no loss scale")


def _step(
    evidence: Evidence, scale: float | None, factor: float = 1.0, attempts: int = 1
) -> tuple[Backward, float, float]:
    """(what was seen, the loss, the loss scale) of the first step from the start that updates."""
    trainee, precision = evidence.trainee, evidence.trainee.precision
    with evidence.from_start():
        if scale is not None:
            precision.set_scale(scale)
        for _ in range(attempts):
            seen, before = Backward(), precision.scale()
            trainee.reseed_for_step(evidence.seed)
            with precision.seen(seen, factor):
                loss = evidence.step()
            if seen.used:
                break
    return seen, loss, before or 1.0


def _scaled(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    precision = evidence.trainee.precision
    with evidence.from_start():
        first = precision.scale() or 1.0
    high, loss, scale = _step(evidence, None, attempts=_ATTEMPTS)
    if not high.used:
        return _never_updates(evidence, first)
    low, other_loss, _ = _step(evidence, scale / _APART, attempts=_ATTEMPTS)
    ratio = _ratio(high.used, low.used)
    if ratio is None or 0.8 < ratio < 1.25:
        returned = abs(loss - _APART * other_loss) < 1e-2 * abs(loss) and abs(loss) > 0
        return passed("the loss that the step returns is the scaled one" if returned else "")
    measured = (
        f"with a loss scale of {scale:g} the gradients used in the first update are "
        f"{ratio:.3g} times those with {scale / _APART:g}; the scale must not show in them"
    )
    if has_failed(earlier, "finite") and earlier["finite"].findings[0].fix == precision.order[0]:
        return follows("finite")
    raw = _ratio(high.raw, low.raw)
    if high.bypassed and ratio > 1:
        return failed(
            Finding(
                measured,
                "the update does not go through the scaler, and uses gradients that are still "
                "scaled",
                *precision.order,
            )
        )
    if high.changed_scaled and ratio < 1 and has_failed(earlier, "clipping"):
        return follows("clipping")
    if high.changed_scaled and ratio < 1:
        return failed(
            Finding(
                measured,
                "the gradients are changed while they are scaled, by clipping, say, and unscaled "
                "after it",
                *precision.order,
            )
        )
    if raw is not None and 0.8 < raw < 1.25 and ratio < 1:
        return failed(
            Finding(
                measured,
                "the backward pass runs on a loss that is not scaled, and its gradients are "
                "divided by the loss scale all the same",
                *precision.unscaled,
            )
        )
    if raw is not None and raw > 1.25 * _APART:
        return failed(Finding(measured, "the loss is scaled twice", *precision.order))
    return failed(Finding(measured, "", *precision.order))


def _never_updates(evidence: Evidence, first: float) -> Outcome:
    measured = (
        f"no step of {_ATTEMPTS} updates anything: the gradients are not finite, with loss scales "
        f"from {first:g} down"
    )
    alone, _, _ = _step(evidence, 1.0)
    if alone.used:
        fix = f"start from a lower loss scale than {first:g}"
        return failed(Finding(measured, "only the scale is too high: with 1 they are finite", fix))
    cause = "they are not finite with a loss scale of 1 either: the step itself overflows"
    fix = "compute what overflows, the loss for one, in float32, and scale the inputs"
    return failed(Finding(measured, cause, fix))


def _unscaled(evidence: Evidence) -> Outcome:
    """Count the gradients that are zero only because float16 cannot hold them."""
    plain, _, _ = _step(evidence, None)
    for factor in _LOUDER:
        louder, _, _ = _step(evidence, None, factor)
        if louder.raw and all(np.isfinite(g).all() for g in louder.raw.values()):
            break
    else:
        return skipped("the gradients are too large to be multiplied")
    pairs = [(plain.raw[name], g) for name, g in louder.raw.items() if name in plain.raw]
    there = sum(int(np.count_nonzero(g)) for _, g in pairs)
    lost = sum(int(np.count_nonzero((a == 0) & (g != 0))) for a, g in pairs)
    if there and lost >= _LOST * there:
        return failed(
            Finding(
                f"{lost} of {there} gradients that are not zero come out as zero in the first step",
                "they are too small for float16 (6e-8 is the least it holds): with the loss "
                f"multiplied by {factor:g} they come out",
                *evidence.trainee.precision.unscaled,
            )
        )
    return passed(f"no loss scale; {lost} of {there} gradients are lost" if lost else "")


def _lowered(evidence: Evidence) -> Outcome:
    """Train in bfloat16 what trains in float32."""
    precision = evidence.trainee.precision
    if precision.lowered() is None:
        return skipped("this kind of model cannot be run in half precision from outside")
    full = evidence.curve.losses
    trainee, losses = evidence.trainee, []
    with evidence.from_start():
        for _ in range(evidence.steps):
            trainee.reseed_for_step(evidence.seed)
            with precision.lowered() or nullcontext():  # autocast keeps weights while it is on
                losses.append(evidence.step())
    told = f"the loss goes from {losses[0]:.4g} to {losses[-1]:.4g} in bfloat16"
    told += f", and from {full[0]:.4g} to {full[-1]:.4g} in float32"
    if not np.isfinite(losses).all():
        return failed(Finding(told, fix="look for masks and constants near the limits of float32"))
    if falls(full) and losses[0] - losses[-1] < 0.5 * (full[0] - full[-1]):
        fix = "keep normalisation, softmax and the loss in float32; look for sums that cancel"
        return failed(Finding(told, fix=fix))
    return passed(told)


def _ratio(high: Gradients, low: Gradients) -> float | None:
    """How much larger the gradients of one step are than another's; None if there are none."""
    names = [name for name in high if name in low]
    a, b = _norm([high[n] for n in names]), _norm([low[n] for n in names])
    return a / b if a and b and np.isfinite(a) and np.isfinite(b) else None


def _norm(gradients: list[Array]) -> float:
    return float(np.sqrt(sum(float((g.astype(np.float64) ** 2).sum()) for g in gradients)))


CHECK = Check("mixed-precision", order=75, run=run)
