"""learns: the loss on one batch falls when it is trained on again and again."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ...wording import listed
from ..acts import Update
from ..direction import SIGN_FIX, climbs
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, follows, passed, skipped
from ..tree import leaves
from ..verdict import falls, flat, tail
from . import Check
from . import failed as has_failed

# A loss that has not fallen by then is given this many times the steps.
_PATIENCE = 3

# The checks whose failure is why a loss does not fall.
_CAUSES = (
    *("clipping", "schedule", "accumulation", "fresh-gradients"),
    *("gradients", "updates", "loss-input"),
)

# The part of a loss that it differs by where the difference is more than rounding or noise.
_CLEARLY = 0.02
# Outputs that all move away from their targets: so many do not by chance.
_MANY = 5


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return follows("finite")
    negated = _negated(evidence)
    if negated:
        return failed(negated)
    losses = evidence.curve.losses
    if falls(losses) or _settles(losses):
        return passed()
    trainable = {w.name for w in evidence.trainee.weights.values() if w.trainable}
    if not trainable & evidence.moved:
        for check in ("gradients", "updates"):
            if has_failed(earlier, check):
                return follows(check)
    for check in _CAUSES:
        if has_failed(earlier, check):
            return follows(check)
    if has_failed(earlier, "compiled") and falls(_eagerly(evidence)):
        return follows("compiled")
    longer = evidence.train(evidence.steps * _PATIENCE).losses
    if falls(longer):
        return passed(f"only after {len(losses)} steps")
    if any(record.drawn for record in evidence.watched):
        drawn = sorted({name for record in evidence.watched for name in record.drawn})
        return skipped(f"the loss is of samples drawn by {', '.join(drawn)}: it need not fall")
    if _rivals(evidence):
        return skipped("the step runs several optimizers with losses of their own")
    if flat(longer) and _at_minimum(evidence):
        lower = _from_beside(evidence)
        if falls([longer[0], lower]):
            return failed(
                Finding(
                    f"the gradients of all weights are zero from the start, at a loss of "
                    f"{longer[0]:.4g}",
                    cause="the weights start where the loss has no slope, though it is no minimum: "
                    f"from weights a little beside them it falls to {lower:.4g}",
                    fix="initialise with other numbers than zero; of two factors, one may be zero",
                )
            )
        return passed("the loss is at a minimum from the start")
    first = evidence.first_losses(6)
    noise = float(np.std(first))
    if tail(longer) <= np.mean(first) + 3 * noise and noise:
        if tail(longer) < np.mean(first) - noise:
            return passed(f"only after {len(losses)} steps, under noise")
        return skipped(f"the loss is too noisy to judge: by {noise:.2g} from draw to draw")
    if _task_grows(evidence, longer):
        return passed("the loss itself changes from step to step: beside that, it falls")
    what = f"in {len(longer)} steps on one batch the loss went from {longer[0]:.4g} to "
    what += f"{tail(longer):.4g}"
    return _explain(evidence, what, is_flat=flat(longer))


def _settles(losses: list[float]) -> bool:
    """Whether the loss falls at every step but the first quarter's, from about where it was.

    What a loop carries from step to step, a hidden state say, has to fill first.
    """
    if len(losses) < 8 or not np.isfinite(losses).all() or max(losses) > 1.1 * losses[0]:
        return False
    settled = losses[len(losses) // 4 :]
    return falls(settled) and bool((np.diff(settled) < 0).all())


def _negated(evidence: Evidence) -> Finding | None:
    record = evidence.watched[0]
    for call in record.losses:
        if call.value > 1e-3 and abs(record.loss + call.value) <= 1e-5 * call.value:
            return Finding(
                f"the loss is {record.loss:.4g}, where {call.function} gave {call.value:.4g}",
                cause="the sign of the loss is flipped, so training makes the model worse",
                fix="minimise the loss itself",
            )
    away = _away(evidence)
    if away:
        return Finding(
            f"going down the loss moves {away}",
            cause="the sign of the loss is flipped, so training makes the model worse",
            fix="minimise the loss itself: a log-likelihood or a score needs a minus",
        )
    return None


def _away(evidence: Evidence) -> str:
    """How each output is moved away from its target, where that is so for all of them.

    Of classes there must be three: with two, a model may mean the first by 1.  And a model may
    give distances from classes, which are to fall: scores are told by the sign of theirs or of the
    loss, or by their sum.
    """
    trainee, record = evidence.trainee, evidence.watched[0]
    targets = [leaf for leaf in leaves(trainee.targets) if hasattr(leaf, "shape")]
    outputs, gradient = record.outputs, record.output_gradient
    if len(targets) != 1 or outputs is None or gradient is None or outputs.ndim == 0:
        return ""
    target = trainee.framework.to_numpy(targets[0])
    if outputs.shape != gradient.shape or not np.isfinite(gradient).all():
        return ""
    if target.dtype.kind in "iu" and outputs.ndim == 2 and target.shape == outputs.shape[:1]:
        classes, rows = outputs.shape[1], np.arange(len(target))
        if classes < 3 or len(np.unique(target)) < 3 or not (target >= 0).all():
            return ""
        probabilities = (outputs >= 0).all() and np.allclose(outputs.sum(1), 1, atol=1e-4)
        scores = probabilities or (record.loss < 0 and (outputs < 0).any())
        if target.max() >= classes or not scores:
            return ""
        own = gradient[rows, target]
        others = np.delete(gradient, np.ravel_multi_index((rows, target), gradient.shape))
        if (own > 0).all() and (others <= 0).all() and (others < 0).any():
            return "the output of each sample's class down and those of all other classes up"
    elif (
        target.dtype.kind == "f" and target.shape == outputs.shape and evidence.curve.losses[-1] < 0
    ):
        error = outputs - target
        both = (error > 0).any() and (error < 0).any() and target.size > _MANY
        if both and (error * gradient < 0).all():
            return "each output away from its target"
    return ""


def _rivals(evidence: Evidence) -> bool:
    """Two or more updates with a backward pass each, in one call of the step: a GAN's, say.

    The other net may not be part of the model: what is updated then is none of its weights.
    """
    for record in evidence.watched:
        updates = [act for act in record.acts if isinstance(act, Update)]
        updated = [bool(update.gradients) for update in updates]
        if any(updated) and not all(updated):
            return True
        order = [event for event in record.events if event != "forward"]
        rounds = sum(a == "backward" and b == "update" for a, b in pairwise(order))
        if rounds >= 2 and len({update.key for update in updates}) >= 2:
            return True
    return False


def _task_grows(evidence: Evidence, losses: list[float]) -> bool:
    """Whether what is minimised gets larger by itself, a term that is phased in or a margin that
    widens, and the weights that were trained are better at it than those of the start."""
    untrained, trained = evidence.after(len(losses))
    larger = untrained - losses[0] > _CLEARLY * abs(losses[0])
    return larger and untrained - trained > _CLEARLY * abs(untrained)


def _explain(evidence: Evidence, what: str, is_flat: bool) -> Outcome:
    """Train again with other learning rates, and with the sign turned round."""
    reset = _reset(evidence)
    if reset:
        return failed(
            Finding(
                what,
                cause=f"the step sets {listed(reset)} itself before the forward pass, so that what "
                "the update before did to them is lost",
                fix="initialise or load weights once, before the loop",
            )
        )
    rates = evidence.trainee.learning_rates()
    climbing = climbs(evidence) if not rates and not is_flat else ""
    if climbing:
        return failed(Finding(what, f"each step climbs the loss: {climbing}", SIGN_FIX))
    if rates and any(rates):
        for factor in (-1e-2, -1.0):
            losses = _with_rate(evidence, factor)
            if falls(losses):
                return failed(
                    Finding(
                        what,
                        cause="each step climbs the loss: with a negative learning rate it falls "
                        f"from {losses[0]:.4g} to {losses[-1]:.4g}",
                        fix=SIGN_FIX,
                    )
                )
        for factor in (1e-1, 1e-2, 1e-4) if not is_flat else ():
            losses = _with_rate(evidence, factor)
            if falls(losses):
                return failed(
                    Finding(
                        what,
                        cause=f"the learning rate, {max(rates):.4g}, is too high: with "
                        f"{max(rates) * factor:.4g} it falls from {losses[0]:.4g} to "
                        f"{losses[-1]:.4g}",
                        fix="lower the learning rate",
                    )
                )
        if is_flat and any(falls(_with_rate(evidence, factor)) for factor in (1e2, 1e4, 1e8, 1e12)):
            return passed(f"no change seen at the learning rate {max(rates):.2g}; larger ones do")
    if not rates and falls(evidence.train(evidence.steps, moving=-0.01).losses):
        return failed(
            Finding(
                what,
                cause="each step climbs the loss: with every move of the weights turned round it "
                "falls",
                fix="look for a flipped sign: of the loss or of the update",
            )
        )
    if is_flat and evidence.moved and not evidence.moved_in_curve:
        return failed(
            Finding(
                what,
                cause="no weight moves in these steps, and some do where the step runs eagerly",
                fix="look for Python in the compiled step that decides, or counts, at tracing only",
            )
        )
    if is_flat and evidence.moved:
        return failed(
            Finding(
                what,
                cause="the number that the step returns stays the same while the weights move",
                fix="return the loss that was trained on, computed in this very step",
            )
        )
    return failed(Finding(what, fix="see whether the loss depends on the outputs and the targets"))


def _reset(evidence: Evidence) -> list[str]:
    """The weights that every step but the first sets anew at its start."""
    later = [set(record.set_before) for record in evidence.watched[1:]]
    return sorted(set.intersection(*later)) if later else []


def _eagerly(evidence: Evidence) -> list[float]:
    with evidence.trainee.compiling.eager():
        return evidence.train(evidence.steps).losses


def _with_rate(evidence: Evidence, factor: float) -> list[float]:
    return evidence.train(
        evidence.steps, lambda: evidence.trainee.scale_learning_rates(factor)
    ).losses


def _from_beside(evidence: Evidence) -> float:
    """What the loss falls to from weights that are moved a little, at random."""
    trainee, random = evidence.trainee, np.random.default_rng(0)

    def move() -> None:
        values = trainee.values()
        own = [weight.name for weight in trainee.weights.values() if weight.trainable]
        noise = {name: 0.02 * random.normal(size=values[name].shape) for name in own}
        trainee.assign(
            {name: (values[name] + noise[name]).astype(values[name].dtype) for name in own}
        )

    return tail(evidence.train(evidence.steps, move).losses)


def _at_minimum(evidence: Evidence) -> bool:
    gradients = [g for r in evidence.watched for g in r.fresh.values() if g is not None and g.size]
    return bool(gradients) and max(float(abs(g).max()) for g in gradients) < 1e-6


CHECK = Check("learns", order=80, run=run)
