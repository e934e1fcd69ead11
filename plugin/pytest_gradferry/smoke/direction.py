"""Whether training climbs the loss, seen without changing a learning rate."""

from __future__ import annotations

from .evidence import Evidence

# The cosine between a step and its gradient from which on the step goes along it: Adam's are near
# 0.7, and those of a random step near 0.
_ALONG = 0.2
_STEPS = 4  # an accumulating loop does not move the weights in each

SIGN_FIX = (
    "look for a flipped sign: of the loss before the backward pass, of the update, or maximize=True"
)


def climbs(evidence: Evidence) -> str:
    """What shows that the first step to move the weights moves them up the loss, else empty.

    It is the angle to the gradient of its own backward passes.
    """
    trainee = evidence.trainee
    with evidence.from_start():
        for number in range(_STEPS):
            trainee.reseed_for_step(evidence.seed)
            before = trainee.values()
            record = evidence.watch_step()
            after = trainee.values()
            product = moved = size = 0.0
            for name, gradient in record.fresh.items():
                if gradient is None or gradient.shape != before[name].shape:
                    continue
                change = after[name] - before[name]
                product += float((change * gradient).sum())
                moved += float((change**2).sum())
                size += float((gradient**2).sum())
            if moved and size:
                cosine = product / (moved * size) ** 0.5
                if cosine < _ALONG:
                    return ""
                return f"step {number + 1} moves the weights along the gradient of the loss " + (
                    f"(the cosine between them is {cosine:.2g}), not against it"
                )
    return ""
