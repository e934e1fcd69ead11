"""updates: every trainable weight moves, frozen ones stay, the optimizer holds them all."""

from __future__ import annotations

from functools import partial

import numpy as np

from ...wording import listed
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, follows, passed, skipped
from . import Check
from . import failed as has_failed


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    trainee = evidence.trainee
    findings = [*_not_asked(evidence), *_hidden(evidence), *_frozen(evidence)]
    # A weight without a gradient in any step cannot move: that is for `gradients` to tell.
    reached = [
        w.name for w in trainee.weights.values() if w.trainable and w.name in evidence.reached
    ]
    still = [name for name in reached if name not in evidence.moved]
    if still:
        for cause in ("clipping", "schedule"):  # clipped to 0, or a rate of 0
            if has_failed(earlier, cause) and len(still) == len(reached):
                return follows(cause)
        findings.append(_why_still(evidence, still, everything=len(still) == len(reached)))
    if findings:
        return failed(*findings)
    if not reached and has_failed(earlier, "gradients"):
        return follows("gradients")
    return passed()


def _not_asked(evidence: Evidence) -> list[Finding]:
    weights = evidence.trainee.weights.values()
    left_out = [w.name for w in weights if w.trainable and w.name not in evidence.asked]
    still = [name for name in left_out if name not in evidence.moved]
    if not still or not any("backward" in record.events for record in evidence.watched):
        return []
    strangers = max(record.strangers for record in evidence.watched)
    cause = "the step never asks the tape for their gradients"
    if strangers:
        cause += f", but for those of {strangers} variables that are not this model's (any more)"
    return [
        Finding(
            f"{listed(still)} never move in {evidence.steps} steps",
            cause=cause,
            fix="ask for those of model.trainable_variables, read anew in each step",
        )
    ]


def _hidden(evidence: Evidence) -> list[Finding]:
    trainee = evidence.trainee
    places: dict[tuple[str, str], list[str]] = {}
    for name, (place, code) in trainee.hidden().items():
        in_use = any(record.fresh.get(name) is not None for record in evidence.watched)
        if in_use and name not in evidence.moved:
            places.setdefault((place, code), []).append(name)
    return [
        Finding(
            f"{listed(stuck)} get gradients but never move",
            cause=f"the layers stand in {place}, so the model does not list their weights and the "
            "optimizer does not get them",
            fix="use nn.ModuleList or nn.ModuleDict",
            code=code,
        )
        for (place, code), stuck in places.items()
    ]


def _frozen(evidence: Evidence) -> list[Finding]:
    frozen = [w.name for w in evidence.trainee.weights.values() if not w.trainable]
    moved = [name for name in frozen if name in evidence.moved]
    if not moved:
        return []
    before, after = evidence.curve.before[moved[0]], evidence.curve.after[moved[0]]
    return [
        Finding(
            f"{listed(moved)} moved although frozen (by up to {np.abs(after - before).max():.2g})",
            fix="freeze before the optimizer is built, and clear old gradients when freezing "
            "(weight decay and momentum move a weight that still has one)",
        )
    ]


def _why_still(evidence: Evidence, still: list[str], everything: bool) -> Finding:
    trainee = evidence.trainee
    what = f"{'no weight moves' if everything else listed(still) + ' never move'}"
    what += f" in {evidence.steps} steps, though gradients were computed"
    records = evidence.watched
    if not evidence.updated:
        return Finding(
            what,
            cause="no optimizer was stepped",
            fix=trainee.advice.stepping,
        )
    held = {name for record in records for name in record.used}
    missing = [name for name in still if name not in held]
    if missing:
        return _not_held(evidence, what, missing, still)
    if all(not _used(evidence, name) for name in still):
        first = next(r for r in records if "update" in r.events and "backward" in r.events)
        if first.events.index("update") < first.events.index("backward"):
            return Finding(
                what,
                cause="the optimizer steps before the backward pass, without gradients",
                fix="call loss.backward() first, then optimizer.step()",
                code="XFR206",
            )
        return Finding(what, *trainee.advice.unused)
    rates = trainee.learning_rates()
    if rates and not any(rates):
        return Finding(what, cause="the learning rate is 0", fix="give the optimizer a rate")
    if rates:
        for factor in (1e4, 1e8, 1e12):
            larger = evidence.train(2, partial(trainee.scale_learning_rates, factor))
            if not any(np.array_equal(larger.before[n], larger.after[n]) for n in still):
                return Finding(
                    what,
                    cause=f"the learning rate, {min(rates):.2g}, is so small that the change is "
                    f"lost in rounding: with {min(rates) * factor:.2g} the weights move",
                    fix="raise the learning rate",
                )
    return Finding(what)


def _used(evidence: Evidence, name: str) -> bool:
    return any(record.used.get(name) for record in evidence.watched)


def _not_held(evidence: Evidence, what: str, missing: list[str], still: list[str]) -> Finding:
    strangers = max(record.strangers for record in evidence.watched)
    who = "no optimizer holds " + ("them" if missing == still else listed(missing))
    if strangers:
        return Finding(
            what,
            cause=f"{who}; {strangers} tensors it does hold are not this model's: it was built "
            "from other layers, before a head was replaced or the model was copied or reloaded",
            fix="build the optimizer last, from the finished model",
            code="XFR216",
        )
    return Finding(
        what,
        cause=who,
        fix=evidence.trainee.advice.holding,
        code=evidence.trainee.advice.not_held_code,
    )


CHECK = Check("updates", order=40, run=run)
