"""schedule: learning rates are set for the optimizer in use, in time, and stay above zero."""

from __future__ import annotations

from itertools import groupby, pairwise

from ..acts import Schedule, Update
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, passed, skipped
from . import Check
from . import failed as has_failed

# A schedule that divides the rate by this within the first steps was meant for epochs.
_STEPS, _FALL = 20, 1e-6
_GEOMETRIC = ("ExponentialLR", "MultiStepLR", "MultiplicativeLR", "StepLR")


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    unstepped = evidence.trainee.idle_schedule()
    if unstepped:
        return failed(
            Finding(
                f"{unstepped} of configure_optimizers is never stepped",
                "in manual optimization Lightning steps no schedules",
                "step it: self.lr_schedulers().step() in training_step or on_train_epoch_end",
            )
        )
    for name, (unread, rate) in evidence.watched[-1].unread_rates.items():
        return failed(
            Finding(
                f"`lr` of the {name} is {unread:.4g}, and its updates run at {rate:.4g}",
                "its rate is called learning_rate: `lr` is an attribute that nothing reads",
                "set optimizer.learning_rate",
                evidence.trainee.advice.unread_rate_code,
            )
        )
    idle = _of_idle(evidence)
    if idle:
        return failed(idle)
    steps = [act for _, act in evidence.acts if isinstance(act, Schedule)]
    rates = evidence.curve.rates
    varies = any(a != b for a, b in pairwise(rates))
    by_itself = not steps and not evidence.trainee.learning_rates()  # Keras asks it at each update
    if not (steps or varies or by_itself or evidence.curve.ended):
        return skipped("the step changes no learning rate")
    for judge in (
        _of_another,
        _too_early,
        _overwritten,
        _always_zero,
        _in_epochs,
    ):
        found = judge(evidence, steps)
        if found:
            return failed(found)
    if evidence.curve.ended:
        return _ended(evidence, steps)
    zero = next((n for n, each in enumerate(rates, 1) if each and not any(each)), None)
    if zero is not None and zero > 1 and not any(any(each) for each in rates[zero - 1 :]):
        return passed(f"the rate is 0 from step {zero} on")
    return passed()


def _of_idle(evidence: Evidence) -> Finding | None:
    """A rate set by hand in every step, of an optimizer that never steps, and only there."""
    updates = [act for _, act in evidence.acts if isinstance(act, Update)]
    stepped = {update.key for update in updates}
    sets = [set(record.rates_set) for record in evidence.watched]
    idle = sorted(set.intersection(*sets) - stepped)
    if not idle or not stepped or stepped & set().union(*sets):
        return None
    name, before, after = evidence.watched[0].rates_set[idle[0]]
    return Finding(
        f"each step sets the rate of an optimizer ({name}) that never updates anything (from "
        f"{_told(before)} to {_told(after)} in the first); the updates are those of another, "
        f"of class {updates[0].optimizer}, whose rate stays",
        "the rate is set of an optimizer that is not in use",
        "set the rate of the optimizer that the step uses",
    )


def _of_another(evidence: Evidence, steps: list[Schedule]) -> Finding | None:
    """A schedule of an optimizer that never steps, while another steps the same weights."""
    updates = [act for _, act in evidence.acts if isinstance(act, Update)]
    stepped = {update.key for update in updates}
    for step in steps:
        twins = [u for u in updates if step.weights and step.weights <= u.weights]
        if step.optimizer not in stepped and twins:
            return Finding(
                f"{step.name} is stepped, and the optimizer it was made for never is: another, a "
                f"{twins[0].optimizer}, updates the same weights, at {_told(twins[0].rates)}",
                f"{step.name} sets the rate of an optimizer that is not in use",
                "make the schedule from the optimizer that the step uses, after it",
            )
    return None


def _too_early(evidence: Evidence, steps: list[Schedule]) -> Finding | None:
    """A first step of the schedule before the first of its optimizer, in one call."""
    acts = evidence.acts
    for index, (call, act) in enumerate(acts):
        if not isinstance(act, Schedule) or not act.first or act.on_plateau:
            continue
        mine = [
            (number, a) for number, a in acts if isinstance(a, Update) and a.key == act.optimizer
        ]
        earlier = [a for _, a in acts[:index] if isinstance(a, Update) and a.key == act.optimizer]
        if earlier or not mine or mine[0][0] != call or act.before == act.after:
            continue
        return Finding(
            f"{act.name} takes its first step before the optimizer does: the first update runs at "
            f"{_told(mine[0][1].rates)}, where the schedule begins at {_told(act.before)}",
            "the schedule is stepped before the optimizer",
            "call scheduler.step() after optimizer.step()",
            "XFR413",
        )
    return None


def _overwritten(evidence: Evidence, steps: list[Schedule]) -> Finding | None:
    """Every rate that the schedule sets is set back before it is used."""
    for key, group in groupby(sorted(steps, key=lambda s: s.key), key=lambda s: s.key):
        mine = list(group)
        others = {s.key for s in steps if s.optimizer == mine[0].optimizer}
        updates = [
            a for _, a in evidence.acts if isinstance(a, Update) and a.key == mine[0].optimizer
        ]
        if others != {key} or len(mine) < 2 or len(updates) < 2:
            continue
        used = {tuple(update.rates) for update in updates}
        left = {tuple(step.after) for step in mine}
        if len(used) == 1 and not used & left:
            return Finding(
                f"{mine[0].name} sets the rate to {_told(mine[0].after)}, and each update runs at "
                f"{_told(updates[0].rates)}",
                "the step sets the rate back after the schedule has set it",
                "leave the rate to the schedule",
            )
    return None


def _always_zero(evidence: Evidence, steps: list[Schedule]) -> Finding | None:
    rates = evidence.curve.rates
    updates = [a for _, a in evidence.acts if isinstance(a, Update)]
    if not updates or not rates or not rates[0]:
        return None
    if any(any(each) for each in rates):
        return None
    if any(any(update.rates) for update in updates):
        return None
    name = steps[0].name if steps else "the schedule"
    return Finding(
        f"the learning rate is 0 in all {len(rates)} steps",
        f"{name} makes it 0, or the rate it was given is 0",
        "look for a whole-number division in its function, and for the rate of the optimizer",
    )


def _in_epochs(evidence: Evidence, steps: list[Schedule]) -> Finding | None:
    rates = evidence.curve.rates[: _STEPS + 1]
    names = {step.name for step in steps}
    if len(names) != 1 or not names <= set(_GEOMETRIC) or len(rates) < 2 or not any(rates[0]):
        return None
    first, last = max(rates[0]), max(rates[-1])
    if not 0 < last < _FALL * first:
        return None
    return Finding(
        f"{steps[0].name}, stepped once a batch, takes the learning rate from {first:.4g} to "
        f"{last:.2g} in {len(rates)} batches",
        "it counts batches, and its numbers are meant for epochs",
        "step it once an epoch, or give it numbers of batches",
        "XFR418",
    )


def _ended(evidence: Evidence, steps: list[Schedule]) -> Outcome:
    """How long a schedule has to go on, only a user who says for how long it is tested knows."""
    curve = evidence.curve
    name, last = steps[0].name if steps else "the schedule", len(curve.losses)
    if not evidence.steps_given:
        return passed(f"{name} ends after step {last}: looked at up to there")
    return failed(
        Finding(
            f"{name} ends after step {last} of {evidence.steps}: {curve.ended}",
            "it is made for fewer steps than are taken",
            f"give it the number of all steps, epochs * len(loader), or test with steps={last}",
        )
    )


def _told(rates: list[float]) -> str:
    return ", ".join(f"{rate:.4g}" for rate in dict.fromkeys(rates)) or "no rate"


CHECK = Check("schedule", order=36, run=run)
