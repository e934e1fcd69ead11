"""Why weights get no gradient, or one of zero: where the way from the loss to them ends."""

from __future__ import annotations

import numpy as np

from ...wording import listed
from ..evidence import Evidence
from ..record import LayerCall
from ..report import Finding


def no_backward(evidence: Evidence) -> Finding:
    """No weight of the model got a gradient: because nothing computes any, or of something else."""
    records = evidence.watched
    model = type(evidence.trainee.model).__name__
    what = f"no weight got a gradient in {len(records)} steps"
    if not any(record.backward_calls for record in records):
        return Finding(
            what,
            cause="the step never runs a backward pass",
            fix=evidence.trainee.advice.backward,
        )
    if not any(call.known for record in records for call in record.calls):
        strangers = max(record.strangers for record in records)
        others = f": its optimizer holds {strangers} weights of another" if strangers else ""
        return Finding(
            f"{what}, though it runs backward passes",
            cause=f"the step never calls {model} or a layer of it{others}",
            fix="hand over the model that the step trains, or let the step train this one",
        )
    if evidence.trainee.advice.others_asked[0]:
        return Finding(
            f"{what}, though it runs backward passes", *evidence.trainee.advice.others_asked
        )
    every = [call for record in records for call in record.calls if call.known]
    if all(call.grad_out is False for call in every):
        return Finding(
            f"{what}, though it runs backward passes",
            cause=f"{model} runs without recording gradients (torch.no_grad)",
            fix="take the call of the model and the loss out of the no_grad block; a loss that has "
            "to be given requires_grad by hand leads back to nothing",
            code=evidence.trainee.advice.cut_loss_code,
        )
    return Finding(
        f"{what}, though it runs backward passes",
        cause=f"the loss they start from does not lead back to the weights: the graph is cut "
        f"behind {model}",
        fix="look there for detach, .item(), .numpy(), argmax, rounding, or a loss made anew as a "
        "tensor of its own",
        code=evidence.trainee.advice.cut_loss_code,
    )


def cut(evidence: Evidence, none: list[str]) -> Finding:
    """Say where the graph ends: at layers never called, or between two that were."""
    trainee = evidence.trainee
    calls = evidence.watched[0].calls
    called = {call.layer for record in evidence.watched for call in record.calls}
    layers = {trainee.weights[name].layer for name in none}
    what = f"no gradient reaches {listed(none)}"
    given_none = {n: f for record in evidence.watched for n, f in record.given_none.items()}
    if all(given_none.get(name) for name in none):
        functions = listed(sorted({given_none[name] for name in none}))
        return Finding(
            what,
            cause=f"the backward of {functions} returns None for it",
            fix="return its gradient there: one value for each argument of forward, in order",
        )
    idle = sorted(layer for layer in layers if layer and layer not in called)
    if calls and idle and len(idle) == len(layers):
        return Finding(
            what,
            cause=f"the step never calls {listed(idle)}",
            fix="use the layer in the forward pass, or freeze or delete it",
        )
    losses = [r.not_differentiated for r in evidence.watched]
    if all(name in each for name in none for each in losses):
        kinds = listed(sorted({losses[0][name] for name in none}))
        return Finding(
            what,
            cause=f"the step computes a {kinds} that depends on them, and no backward pass starts "
            "there or at a sum with it",
            fix="add it to the loss, or run its backward pass before the optimizer's step; if it "
            "is only for the log, freeze them",
        )
    every = [call for record in evidence.watched for call in record.calls]
    recorded = {call.layer for call in every if call.grad_out is not False}
    frozen_in = next((c for c in calls if c.layer in layers - recorded), None)
    if frozen_in is not None and all(c.checkpointed for c in every if c.layer in layers):
        return Finding(
            what,
            cause=f"{frozen_in.layer} runs in a reentrant checkpoint that is given no tensor with "
            "a gradient, which records nothing then",
            fix="checkpoint(..., use_reentrant=False)",
        )
    if frozen_in is not None:
        return Finding(
            what,
            cause=f"{frozen_in.layer} {trainee.advice.unrecorded[0]}",
            fix=trainee.advice.unrecorded[1],
            code="XFR221",
        )
    taped = [record.taped for record in evidence.watched if record.taped is not None]
    if taped and not any(name in names for name in none for names in taped):
        return Finding(
            what,
            cause=f"{listed(sorted(layers))} runs under the tape, which sees no use of them",
            fix="use the weights themselves in call: no copy from before the step, none made anew; "
            "a tape with watch_accessed_variables=False has to be told of them",
        )
    with_gradient = {
        w.layer for w in trainee.weights.values() if w.trainable and w.name not in none
    }
    last = _last_call(evidence, layers)
    if last is not None and evidence.ignores(last.layer):
        return Finding(
            what,
            cause=f"the loss does not depend on what {last.layer} gives: with other numbers from "
            "it the loss is the same",
            fix="use that output, and a loss of it, in the step, or freeze or delete the layer",
        )
    after = calls[calls.index(last) + 1 :] if last is not None else []
    following = next((c for c in after if c.layer in with_gradient), None)
    if last is not None and following is not None and _apart(evidence, last, following):
        following = None
    where = ""
    if last is not None and following is not None:
        where = f"the graph is cut between {last.layer} and {following.layer}"
    elif last is not None:
        where = f"the graph is cut behind {last.layer}"
    return Finding(
        what,
        cause=where,
        fix=f"look {'there' if where else 'between them and the loss'} for {trainee.advice.cut}",
        code="XFR221",
    )


def all_zero(evidence: Evidence, zero: list[str]) -> Finding:
    what = f"the gradient of {listed(zero)} is exactly zero in every step, with other weights and "
    what += "targets too"
    last = _last_call(evidence, {evidence.trainee.weights[name].layer for name in zero})
    if last is not None and evidence.ignores(last.layer):
        return Finding(
            what,
            cause=f"the loss does not depend on what {last.layer} gives: with other numbers from "
            "it the loss is the same",
            fix="look behind it for a factor or loss weight of 0, an output compared with itself, "
            "or a softmax over one value",
        )
    with evidence.from_start():
        ends = evidence.trainee.dead_ends(zero)
    if ends:
        return Finding(
            what,
            cause=f"it ends at {listed(ends)}, which gives its input a gradient of zero",
            fix=f"take {listed(ends)} out, or give it a gradient: x + (f(x) - x).detach()",
        )
    return Finding(
        what,
        fix="look for an operation without a gradient (rounding, comparison, softmax over one "
        "value, clamp) or a loss weight of 0 between these weights and the loss",
    )


def _last_call(evidence: Evidence, layers: set[str]) -> LayerCall | None:
    return next((c for c in reversed(evidence.watched[0].calls) if c.layer in layers), None)


def _apart(evidence: Evidence, last: LayerCall, following: LayerCall) -> bool:
    """Whether a layer that is called later learns the same whatever the one before gives: it is no
    part of the same path, as the next of several heads is not."""
    record, weights = evidence.disturbed_step(last.layer), evidence.trainee.weights.values()
    if record is None:
        return False
    first = evidence.watched[0].fresh
    own = [w.name for w in weights if w.layer == following.layer and first.get(w.name) is not None]
    pairs = [(first[name], record.fresh.get(name)) for name in own]
    return all(b is not None and a is not None and np.array_equal(a, b) for a, b in pairs)
