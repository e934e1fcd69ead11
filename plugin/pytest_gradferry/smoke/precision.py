"""A step that computes in half precision: what it computes in, its loss scale, its gradients."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from ..frameworks import Array

Gradients = dict[str, Array]


@dataclass
class Backward:
    """What was seen of gradients in a step, each by a name that is the same in every step."""

    raw: Gradients = field(default_factory=dict)  # as the backward pass left them
    used: Gradients = field(default_factory=dict)  # as the first update used them
    bypassed: bool = False  # the update did not go through the scaler
    changed_scaled: bool = False  # something changed them while they were scaled
    loss_dtype: str = ""


class Precision:
    """What each framework fills in."""

    # (fix, rule) for a loss that is not scaled, and for the other mistakes
    unscaled = ("scale the loss before the backward pass", "")
    order = ("scale, backward, unscale, clip, step, update", "")

    def kind(self) -> str:
        """ "float16" or "bfloat16" where a part of the model computes in it, else empty."""
        return ""

    def scale(self) -> float | None:
        """The loss scale, None where nothing scales the loss."""
        return None

    def set_scale(self, scale: float) -> None: ...

    def seen(self, backward: Backward, factor: float = 1.0) -> AbstractContextManager[object]:
        """Fill `backward` with what is seen inside; backward passes start from `factor`, not 1."""
        return nullcontext()

    def lowered(self) -> AbstractContextManager[object] | None:
        """Inside, one step computes in bfloat16; None where that cannot be had."""
        return None
