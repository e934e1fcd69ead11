"""gradients: every trainable weight gets a gradient from the loss."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ...frameworks import Array
from ...wording import listed
from ..causes.no_gradient import all_zero, cut, no_backward
from ..causes.untrained_terms import untrained_terms
from ..errors import SmokeError
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, passed, skipped
from ..trainee import Trainee
from ..tree import map_arrays
from . import Check
from . import failed as has_failed

_ATTEMPTS = 30


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    trainable = [name for name in evidence.trainee.weights if name in evidence.asked]
    if any(r.functional for r in evidence.watched) and not any(r.fresh for r in evidence.watched):
        return skipped("torch.func gives the gradients to the step alone")
    if not any("backward" in record.events for record in evidence.watched):
        return failed(no_backward(evidence))
    replaced = {n for record in evidence.watched for n in record.replaced}
    trainable = [name for name in trainable if name not in replaced]
    none = [n for n in trainable if all(r.fresh.get(n) is None for r in evidence.watched)]
    none = _never_chosen(evidence, none)
    zero = [n for n in trainable if n not in none and not _ever_nonzero(evidence, n)]
    findings = _stuck_at_zero(evidence, zero)
    zero = [n for n in _always_zero(evidence, zero) if not _cancels(evidence, n)]
    if replaced:
        findings.append(
            Finding(
                f"{listed(sorted(replaced))} are other tensors after the step than before it",
                cause="the step puts new weights into the model, untrained and unknown to the "
                "optimizer",
                fix="make layers and weights once, before the optimizer",
            )
        )
    if none:
        findings.append(cut(evidence, none))
    if zero:
        findings.append(all_zero(evidence, zero))
    if not findings:
        findings += untrained_terms(evidence)
    return failed(*findings) if findings else passed()


def _ever_nonzero(evidence: Evidence, name: str) -> bool:
    gradients = (record.fresh.get(name) for record in evidence.watched)
    return any(gradient is not None and gradient.any() for gradient in gradients)


def _always_zero(evidence: Evidence, names_: list[str]) -> list[str]:
    """Those that stay without a gradient at other weights and targets.

    A ReLU may be dead by chance, and the signs of an absolute error may balance.
    """
    trainee, given = evidence.trainee, evidence.trainee.targets
    for attempt in range(_ATTEMPTS):
        if not names_:
            break
        random = np.random.default_rng(attempt)
        with evidence.from_start(seed=attempt):
            trainee.change_weights(partial(_with_noise, random))
            try:
                record = evidence.watch_step(map_arrays(partial(_other, trainee, random), given))
            except SmokeError:
                continue
        names_ = [n for n in names_ if (g := record.fresh.get(n)) is None or not g.any()]
    return names_


def _stuck_at_zero(evidence: Evidence, zero: list[str]) -> list[Finding]:
    """Weights that multiply each other and are all zero, so that none has a gradient.

    Those of units, all alike then, are for `symmetry` to tell.
    """
    if not zero:
        return []
    start, units = evidence.curve.before, evidence.trainee.units
    still = [n for n in zero if n not in evidence.moved and not start[n].any()]
    still = [name for name in still if units(name, start[name]) is None]
    if not any(start[name].ndim > 1 for name in still):  # biases alone: of dead units
        return []
    random = np.random.default_rng(0)
    with evidence.from_start():
        values = evidence.trainee.values()
        noise = {n: _with_noise(random, values[n]).astype(values[n].dtype) for n in still}
        evidence.trainee.assign(noise)
        record = evidence.watch_step()
    freed = [n for n in still if (g := record.fresh.get(n)) is not None and g.any()]
    if not any(start[name].ndim > 1 for name in freed):
        return []
    return [
        Finding(
            f"{listed(freed)} have a gradient of exactly zero in every step, and never move",
            cause="all of them start at zero, and each one's gradient is multiplied by another: "
            "with other values they have gradients",
            fix="let one of them start at random values, as A of LoRA's B @ A does",
        )
    ]


def _with_noise(random: np.random.Generator, value: Array) -> Array:
    return value + random.normal(size=value.shape)


def _other(trainee: Trainee, random: np.random.Generator, target: Any) -> Any:
    """Other targets of the same kind."""
    if not hasattr(target, "shape"):
        return target
    array = trainee.framework.to_numpy(target)
    if array.dtype.kind == "f" and (array.min(initial=0) < 0 or array.max(initial=0) > 1):
        return (array + array.std() * random.normal(size=array.shape)).astype(array.dtype)
    return random.permutation(array.reshape(-1)).reshape(array.shape)


def _never_chosen(evidence: Evidence, none: list[str]) -> list[str]:
    """Without the weights of layers that are called where other weights choose, as experts are."""
    called = {call.layer for record in evidence.watched for call in record.calls}
    idle = [name for name in none if evidence.trainee.weights[name].layer not in called]
    chosen = set(idle) - set(_always_zero(evidence, idle)) if called else set()
    return [name for name in none if name not in chosen]


def _cancels(evidence: Evidence, name: str) -> bool:
    """A normalisation takes off again what a bias adds, as does a loss of differences (a critic's,
    a ranking's), which shows in that the layer's other weights do get a gradient."""
    if not name.endswith("bias"):
        return False
    layer = evidence.trainee.weights[name].layer
    others = {w.name for w in evidence.trainee.weights.values() if w.layer == layer} - {name}
    return bool(others & evidence.reached)


CHECK = Check("gradients", order=20, run=run)
