"""Terms of the loss that are computed from the weights, and that nothing is trained on."""

from __future__ import annotations

from ...wording import listed
from ..errors import SmokeError
from ..evidence import Evidence
from ..report import Finding
from ..verdict import distance

_DIFFERENT = 1e-3  # of the largest gradient, or of the loss
_LARGER = 1.5  # than they are: what gradients of the inputs are multiplied by


def untrained_terms(evidence: Evidence) -> list[Finding]:
    return _penalty(evidence) or _lost_terms(evidence) or _samples(evidence)


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
