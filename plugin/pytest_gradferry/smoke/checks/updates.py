"""updates: every trainable weight moves, frozen ones stay, the optimizer holds them all."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ...wording import listed
from ..acts import Backward, Update
from ..causes.still import never_written, used, why_still
from ..errors import SmokeError
from ..evidence import Evidence
from ..record import Weight
from ..report import Finding, Outcome, failed, follows, passed, skipped
from . import Check
from . import failed as has_failed

_WASTED = 3  # steps in a row may be left out, for a loss that is too large, say
_LITTLE = 0.2  # of an update: less is none that was meant; Lookahead leaves 0.5


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    trainee = evidence.trainee
    findings = [*_not_asked(evidence), *_hidden(evidence), *_unlisted(evidence), *_frozen(evidence)]
    findings += _taken_back(evidence)
    if not has_failed(earlier, "accumulation"):
        findings += _seldom(evidence)
    findings += [*_misapplied(evidence), *_frozen_midway(evidence), *_new_optimizers(evidence)]
    findings += _unfrozen_in_vain(evidence)
    findings += [Finding(*told) for told in trainee.advice.frozen_in_vain(evidence.moved)]
    # A weight without a gradient in any step cannot move: that is for `gradients` to tell.
    reached = [
        w.name for w in trainee.weights.values() if w.trainable and w.name in evidence.reached
    ]
    findings += _set_back(evidence, reached)
    still = [n for n in reached if n not in evidence.moved and not _idle(evidence, n)]
    if still:
        for cause in ("clipping", "schedule"):  # clipped to 0, or a rate of 0
            if has_failed(earlier, cause) and (
                len(still) == len(reached) or not any(used(evidence, name) for name in still)
            ):
                return follows(cause)
        findings.append(why_still(evidence, still, everything=len(still) == len(reached)))
    if findings:
        return failed(*findings)
    if not evidence.moved and any(record.functional for record in evidence.watched):
        return failed(never_written(evidence))
    if not reached and has_failed(earlier, "gradients"):
        return follows("gradients")
    return passed()


def _set_back(evidence: Evidence, reached: list[str]) -> list[Finding]:
    """All weights moved, and stand where they began at the end of the run."""
    moved = evidence.moved_while_watched
    before, after = evidence.curve.before, evidence.curve.after
    if not reached or not all(n in moved and np.array_equal(before[n], after[n]) for n in reached):
        return []
    if not evidence.moves_after(1, reached):  # compiled the step may never update
        return []
    return [
        Finding(
            f"the optimizer moves the weights, and after {len(evidence.curve.losses)} steps all of "
            "them are exactly what they were at first",
            cause="the step itself sets them back after some of the updates",
            fix="look for load_state_dict or copy_ in the wrong direction: target.load_state_dict("
            "model.state_dict()), not the reverse",
        )
    ]


def _idle(evidence: Evidence, name: str) -> bool:
    """Whether the optimizer was always given the gradient of its own backward pass, and that was
    zero: only another loss, of a generator, say, has one for this weight."""
    given: list[bool] = []
    computed = None
    for _, act in evidence.acts:
        if isinstance(act, Backward) and name in act.gradients:
            computed = act.gradients[name]
        elif isinstance(act, Update) and name in act.gradients and computed is not None:
            given.append(bool(computed.any() or act.gradients[name].any()))
    return bool(given) and not any(given)


def _not_asked(evidence: Evidence) -> list[Finding]:
    weights = evidence.trainee.weights.values()
    left_out = [w for w in weights if w.trainable and w.name not in evidence.asked]
    still = [w.name for w in left_out if w.name not in evidence.moved and not _fixed(evidence, w)]
    if not still or not any("backward" in record.events for record in evidence.watched):
        return []
    strangers = max(record.strangers for record in evidence.watched)
    cause = evidence.trainee.advice.unasked
    if strangers:
        cause += f", but for those of {strangers} variables that are not this model's (any more)"
    return [
        Finding(
            f"{listed(still)} never move in {evidence.steps} steps",
            cause=cause,
            fix="ask for those of model.trainable_variables, read anew in each step; set "
            "trainable=False on what is not to be trained",
        )
    ]


def _fixed(evidence: Evidence, weight: Weight) -> bool:
    """Whether its layer ran, and only where no gradients are recorded: a teacher, say."""
    called = any(call.layer == weight.layer for r in evidence.watched for call in r.calls)
    tapes = [record.taped for record in evidence.watched if record.taped is not None]
    return called and bool(tapes) and not any(weight.name in taped for taped in tapes)


def _hidden(evidence: Evidence) -> list[Finding]:
    trainee = evidence.trainee
    places: dict[tuple[str, str, str], list[str]] = {}
    for name, advice in trainee.hidden().items():
        in_use = any(trainee.is_used(name, record) for record in evidence.watched)
        if in_use and name not in evidence.moved:
            places.setdefault(advice, []).append(name)
    return [
        Finding(
            f"{listed(stuck)} are used in the step but never move",
            cause=f"{reason}, so the model does not list what it has to train and the optimizer "
            "does not get it",
            fix=fix,
            code=code,
        )
        for (reason, fix, code), stuck in places.items()
    ]


def _frozen(evidence: Evidence) -> list[Finding]:
    """Those that an update moved: what the step moves itself (a moving average) is meant to be."""
    frozen = [w.name for w in evidence.trainee.weights.values() if not w.trainable]
    by_updates = {name for record in evidence.watched for name in record.frozen_moved}
    moved = [name for name in frozen if name in evidence.moved and name in by_updates]
    if not moved:
        return []
    before, after = evidence.curve.before, evidence.curve.after
    by = max(float(np.abs(after[name] - before[name]).max(initial=0)) for name in moved)
    return [
        Finding(
            f"{listed(moved)} moved although frozen (by up to {by:.2g})",
            *evidence.trainee.advice.frozen,
        )
    ]


def _unlisted(evidence: Evidence) -> list[Finding]:
    """Layers that the model calls and that neither it nor an optimizer knows of."""
    lost = [layer for record in evidence.watched for layer in record.unlisted if not layer.trained]
    anew = {layer.kind for layer in lost if layer.made_anew}
    advice = evidence.trainee.advice
    findings = [
        Finding(
            f"{kind} is made anew, with new weights, in every call of the model",
            cause="what one step teaches it is thrown away before the next",
            fix="make the layer once, in __init__, as an attribute",
            code=advice.made_in_call_code,
        )
        for kind in sorted(anew)
    ]
    kept = {(layer.kind, layer.place) for layer in lost if layer.kind not in anew}
    return findings + [
        Finding(
            f"{kind}{f' ({place})' if place else ''} is called by the model, and its weights never "
            "move: no optimizer holds them",
            cause=f"it stands in {place}, where the framework does not look for layers"
            if place
            else "it is no attribute of the model, so that the model does not list its weights",
            fix="make the layer itself an attribute of the model",
        )
        for kind, place in sorted(kept)
    ]


def _misapplied(evidence: Evidence) -> list[Finding]:
    """Weights that were updated by the gradients of others."""
    wrong = {name: own for r in evidence.watched for name, own in r.misapplied.items()}
    if not wrong:
        return []
    name, other = next(iter(wrong.items()))
    return [
        Finding(
            f"{listed(list(wrong))} {'is' if len(wrong) == 1 else 'are'} updated by gradients of "
            f"other weights: {name} by that of {other}",
            cause="gradients and variables are paired in different orders or from different lists",
            fix="zip the gradients with the very list of weights that they are of",
            code="XFR210",
        )
    ]


def _frozen_midway(evidence: Evidence) -> list[Finding]:
    """Weights that a step freezes for good."""
    for number, record in enumerate(evidence.watched[:-1], 1):
        later = {
            name for r in evidence.watched[number:] for name, g in r.fresh.items() if g is not None
        }
        names = [name for name in sorted(record.frozen) if name not in later]
        if names and not evidence.moves_after(number, names):
            return [
                Finding(
                    f"{listed(names)} are trained until step {number} and never again",
                    cause=f"step {number} freezes them",
                    fix="freeze before training, or unfreeze what the next steps are to train",
                )
            ]
    return []


def _unfrozen_in_vain(evidence: Evidence) -> list[Finding]:
    """Weights that a step unfreezes, get gradients from then on, and are in no optimizer."""
    frozen = {w.name for w in evidence.trainee.weights.values() if not w.trainable}
    for number, trainable in enumerate(evidence.curve.trainable, 1):
        names = sorted((frozen & trainable) - evidence.moved)
        if not names:
            continue
        try:
            record = evidence.watch_step_after(number)
        except SmokeError:
            return []
        computed = {n for n in names if record.fresh.get(n) is not None}
        names = [n for n in names if n in computed and n not in record.used]
        if not names or not record.used:
            return []
        return [
            Finding(
                f"{listed(names)} are unfrozen in step {number} and never move in the "
                f"{evidence.steps - number} steps after it",
                cause="no optimizer holds them: it was built while they were frozen",
                fix="give them to the optimizer when unfreezing, as a parameter group of their "
                "own, or give it all weights from the start",
            )
        ]
    return []


def _taken_back(evidence: Evidence) -> list[Finding]:
    """Updates that the step itself undoes but for a small part, the same for all weights.

    Behind several updates that is a step of its own, as Reptile takes.
    """
    updated = [record for record in evidence.watched if "update" in record.events]
    if any(record.events.count("update") > 1 for record in updated):
        return []
    parts = [record.remaining for record in updated]
    left = [part for part in parts if part is not None and part <= _LITTLE]
    first = parts[:1] != left[:1]  # a running average begins as a copy of the weights
    if not left or len(left) < len(parts) - first or len(left) == first:
        return []
    return [
        Finding(
            f"of each update {max(left):.2g} is left at the end of the step",
            cause="the step itself moves the weights back after the optimizer's update: they are "
            "overwritten, by their running average, say",
            fix="keep averaged weights in copies of their own, and load them for evaluation only",
        )
    ]


def _seldom(evidence: Evidence) -> list[Finding]:
    """Most steps make no update, and their gradients are cleared: they go for nothing."""
    records = evidence.watched
    if evidence.trainee.precision.scale() is not None or not evidence.updated:
        return []  # a loss scaler looks for its scale first
    wasted = sum(
        "update" not in one.events
        and any(g is not None for g in one.fresh.values())
        and all(name in next_.thrown for name, g in one.fresh.items() if g is not None)
        for one, next_ in pairwise(records)
    )
    if wasted < _WASTED or 2 * wasted < len(records):
        return []
    return [
        Finding(
            f"in {wasted} of {len(records)} steps gradients are computed, no optimizer is stepped, "
            "and the next step clears them",
            cause="the optimizer's step is behind a condition that seldom holds",
            fix="step the optimizer after each backward pass; to accumulate, clear the gradients "
            "only where it is stepped",
        )
    ]


def _new_optimizers(evidence: Evidence) -> list[Finding]:
    updated = [record for record in evidence.watched if "update" in record.events]
    if len(updated) < 3 or not all(record.first_met for record in updated):
        return []
    kind = updated[-1].optimizers[-1]
    return [
        Finding(
            f"each of {len(updated)} steps was made by a {kind} of its own",
            cause="the optimizer is made anew in every step: its moments and step count are lost",
            fix="make the optimizer once, before the loop",
            code="XFR214",
        )
    ]


CHECK = Check("updates", order=40, run=run)
