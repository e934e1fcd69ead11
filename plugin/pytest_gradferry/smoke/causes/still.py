"""Why weights that get gradients never move."""

from __future__ import annotations

from functools import partial

import numpy as np

from ...wording import listed
from ..evidence import Evidence
from ..report import Finding


def why_still(evidence: Evidence, still: list[str], everything: bool) -> Finding:
    trainee = evidence.trainee
    what = f"{'no weight moves' if everything else listed(still) + ' never move'}"
    what += f" in {evidence.steps} steps, though gradients were computed"
    records = evidence.watched
    if not evidence.updated:
        return Finding(
            what,
            cause="no optimizer was stepped",
            fix=trainee.advice.stepping,
            code=trainee.advice.stepping_code,
        )
    held = {name for record in records for name in record.used}
    missing = [name for name in still if name not in held]
    if missing:
        return _not_held(evidence, what, missing, still)
    if all(not used(evidence, name) for name in still):
        if not any(record.stored.get(name) for record in records for name in still):
            if any(record.stored_backward for record in records):
                return Finding(
                    what,
                    cause="only autograd.grad computes them, which stores them nowhere: the loss "
                    "that backward() starts from does not lead back to the weights",
                    fix="look between the weights and that loss for detach, .data, or a step of an "
                    "inner loop that makes its weights anew",
                )
            return Finding(
                what,
                cause="the gradients are returned by autograd.grad, which stores them nowhere",
                fix="call loss.backward(), or set .grad of each weight before optimizer.step()",
            )
        first = next(r for r in records if "update" in r.events and "backward" in r.events)
        if first.events.index("update") < first.events.index("backward"):
            return Finding(
                what,
                cause="the optimizer steps before the backward pass, without gradients",
                fix="call loss.backward() first, then optimizer.step()",
                code="XFR206",
            )
        return Finding(what, *trainee.advice.unused)
    if all(name in record.set_after for record in records if record.used for name in still):
        return Finding(
            what,
            cause="the step itself sets them back after the optimizer's update",
            fix="look for load_state_dict, set_weights, copy_ or assign behind the update",
        )
    rates = trainee.learning_rates()
    own = {record.rates.get(name) for record in records for name in still if record.used}
    if own == {0.0} and any(rates):
        return Finding(
            what,
            cause=trainee.advice.own_rate_zero,
            fix="give them a rate above 0, or freeze them",
        )
    if rates and not any(rates):
        given = max(trainee.scheduled_rates(), default=0.0)
        if given:
            cause = f"a schedule begins with a learning rate of 0, not {given:.4g}, and stays there"
            return Finding(what, cause=cause, fix=trainee.advice.scheduling)
        for name, before, after in records[0].rates_set.values():
            if any(before) and not any(after):
                return Finding(
                    what,
                    cause=f"the learning rate is 0: the step sets that of {name} from "
                    f"{max(before):.4g} to 0",
                    fix="look for a whole-number division where the step computes the rate",
                )
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
    holding = trainee.held_by(still)
    if holding and all(used(evidence, name) for name in still):
        return Finding(
            what,
            cause=f"the step() of {listed(holding)} leaves them as they are, though it holds them "
            "and they have gradients",
            fix="see which weights and parameter groups its step() goes through, and that it "
            "writes to them in place",
        )
    return Finding(what)


def _not_held(evidence: Evidence, what: str, missing: list[str], still: list[str]) -> Finding:
    strangers = max(record.strangers for record in evidence.watched)
    holding = evidence.trainee.held_by(missing)
    if holding and missing == still:
        return Finding(
            what,
            cause=f"the {listed(holding)} that holds them is never stepped",
            fix=evidence.trainee.advice.stepping,
            code=evidence.trainee.advice.stepping_code,
        )
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


def never_written(evidence: Evidence) -> Finding:
    return Finding(
        f"no weight moves in {evidence.steps} steps, though torch.func computed gradients",
        cause="what is computed from them is never written to the model's weights",
        fix="write it in place, under torch.no_grad(): p.sub_(rate * gradient), or set p.grad and "
        "call optimizer.step()",
    )


def used(evidence: Evidence, name: str) -> bool:
    return any(record.used.get(name) for record in evidence.watched)
