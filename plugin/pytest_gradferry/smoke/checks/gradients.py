"""gradients: every trainable weight gets a gradient from the loss."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ...frameworks import Array
from ...wording import listed
from ..errors import SmokeError
from ..evidence import Evidence
from ..record import LayerCall
from ..report import Finding, Outcome, failed, passed, skipped
from ..trainee import Trainee
from ..tree import map_arrays
from ..verdict import distance
from . import Check
from . import failed as has_failed

_ATTEMPTS = 30
_DIFFERENT = 1e-3  # of the largest gradient, or of the loss
_LARGER = 1.5  # than they are: what gradients of the inputs are multiplied by


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    trainable = [name for name in evidence.trainee.weights if name in evidence.asked]
    if any(r.functional for r in evidence.watched) and not any(r.fresh for r in evidence.watched):
        return skipped("torch.func gives the gradients to the step alone")
    if not any("backward" in record.events for record in evidence.watched):
        return failed(_no_backward(evidence))
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
        findings.append(_cut(evidence, none))
    if zero:
        findings.append(_all_zero(evidence, zero))
    if not findings:
        findings += _penalty(evidence) or _lost_terms(evidence) or _samples(evidence)
    return failed(*findings) if findings else passed()


def _lost_terms(evidence: Evidence) -> list[Finding]:
    """Terms of the loss that are computed from the weights, and that nothing is trained on."""
    places = sorted({place for record in evidence.watched for place in record.lost_terms})
    if not places:
        return []
    return [
        Finding(
            f"a term of the loss has no gradient, though it comes of the weights: it is added in "
            f"{listed(places)}",
            cause="the graph of that term is cut, so that nothing is trained on it",
            fix="look in what computes it for detach, .data, no_grad, a comparison, rounding or "
            "argmax; keep what is only for the log out of the loss",
        )
    ]


def _samples(evidence: Evidence) -> list[Finding]:
    """Samples of a normal distribution, drawn without a gradient, that the loss is computed of;
    its weights get one elsewhere, as in a variational autoencoder."""
    first = evidence.watched[0]
    if "normal" not in first.drawn:
        return []
    with evidence.from_start(), evidence.trainee.reparametrised() as calls:
        try:
            other = evidence.watch_step()
        except SmokeError:
            return []
    if "sample" not in calls or "log_prob" in calls:
        return []
    differ = [
        name
        for name, gradient in first.fresh.items()
        if gradient is not None
        and (new := other.fresh.get(name)) is not None
        and distance(new, gradient) > _DIFFERENT
    ]
    if not differ or abs(other.loss - first.loss) > _DIFFERENT * abs(first.loss):
        return []
    return [
        Finding(
            f"{listed(differ)} are not trained on what is computed from samples of theirs: with "
            "rsample() in place of sample() the loss is the same and their gradients are others",
            cause="sample() of a torch distribution cuts the graph; in TensorFlow Probability it "
            "does not",
            fix="draw by rsample(), or by mean + std * torch.randn_like(std)",
        )
    ]


def _penalty(evidence: Evidence) -> list[Finding]:
    """A term of the loss made of gradients of the inputs, as WGAN-GP has one, that is a constant to
    the backward pass."""
    first = evidence.watched[0]
    if not first.input_gradients:
        return []
    loss = evidence.untrained_penalty(_LARGER)
    if loss is None:
        return []
    advice = evidence.trainee.advice
    has_graph = any(first.input_gradients)
    cause, fix = advice.penalty_cut if has_graph else advice.penalty
    return [
        Finding(
            f"with the gradients of the inputs {_LARGER} times as large the loss is {loss:.6g} "
            f"instead of {first.loss:.6g}, and the gradients of the weights are the same",
            cause,
            fix,
            "" if has_graph else "XFR223",
        )
    ]


def _no_backward(evidence: Evidence) -> Finding:
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


def _all_zero(evidence: Evidence, zero: list[str]) -> Finding:
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


def _cancels(evidence: Evidence, name: str) -> bool:
    """A normalisation takes off again what a bias adds, as does a loss of differences (a critic's,
    a ranking's), which shows in that the layer's other weights do get a gradient."""
    if not name.endswith("bias"):
        return False
    layer = evidence.trainee.weights[name].layer
    others = {w.name for w in evidence.trainee.weights.values() if w.layer == layer} - {name}
    return bool(others & evidence.reached)


def _cut(evidence: Evidence, none: list[str]) -> Finding:
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


CHECK = Check("gradients", order=20, run=run)
