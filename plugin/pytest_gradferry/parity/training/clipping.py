"""Clipping of gradients: set on a Keras optimizer, seen in what a torch hook did to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..layout import Array

GLOBAL, EACH, VALUE = "global_clipnorm", "clipnorm", "clipvalue"  # Keras' names
_IN_TORCH = {
    GLOBAL: "torch.nn.utils.clip_grad_norm_(params, {:g})",
    EACH: "torch.nn.utils.clip_grad_norm_(p, {:g}) of each parameter",
    VALUE: "torch.nn.utils.clip_grad_value_(params, {:g})",
}
SLACK = 1e-6  # that torch adds to a norm it divides by
# A limit is known to rounding from what became of the gradients.
_SAME = 1e-6


@dataclass(frozen=True)
class Clip:
    how: str
    limit: float

    def same(self, other: Clip | None) -> bool:
        close = other is not None and abs(self.limit - other.limit) <= _SAME * abs(self.limit)
        return other is not None and self.how == other.how and close

    def __str__(self) -> str:
        return f"{self.how}={self.limit:.6g}"

    @property
    def in_torch(self) -> str:
        return _IN_TORCH[self.how].format(self.limit)

    def apply(self, parameters: list[Any]) -> None:
        """To torch's gradients, as Keras does it."""
        if self.how == VALUE:
            for p in parameters:
                p.grad = p.grad.clamp(-self.limit, self.limit)
            return
        norms = [float(p.grad.norm()) for p in parameters]
        whole = float(np.linalg.norm(norms))
        for p, norm in zip(parameters, norms, strict=True):
            p.grad = p.grad * (self.limit / max(whole if self.how == GLOBAL else norm, self.limit))


def clipping_of(optimizer: Any) -> Clip | None:
    """What a Keras optimizer is set to."""
    for how in (EACH, GLOBAL, VALUE):
        limit = getattr(optimizer, how, None)
        if limit is not None and limit > 0:
            return Clip(how, float(limit))
    return None


def observed(gradients: list[tuple[Array, Array]], slack: float = SLACK) -> Clip | None:
    """What made the second of each pair from the first; None where nothing did, or no clipping.

    `slack` is what was added to the norm.
    """
    changed = [(before, after) for before, after in gradients if not np.array_equal(before, after)]
    if not changed:
        return None
    whole, clipped = (
        np.concatenate([pair[i].ravel() for pair in gradients]).astype(float) for i in (0, 1)
    )
    limit = float(np.abs(clipped).max())
    if np.array_equal(np.clip(whole, -limit, limit), clipped):
        return Clip(VALUE, limit)
    factor = _factor(whole, clipped)
    if factor is not None:
        return Clip(GLOBAL, _round(factor * (float(np.linalg.norm(whole)) + slack)))
    factors = [_factor(before, after) for before, after in changed]
    limits = [
        f * (float(np.linalg.norm(before)) + slack)
        for f, (before, _) in zip(factors, changed, strict=True)
        if f is not None
    ]
    if len(limits) == len(changed) and np.allclose(limits, limits[0], rtol=1e-6):
        return Clip(EACH, _round(limits[0]))
    return None


def _factor(before: Array, after: Array) -> float | None:
    norm = float(np.vdot(before, before))
    if not norm:
        return None
    factor = float(np.vdot(before, after)) / norm
    return factor if np.allclose(after, factor * before, rtol=1e-6, atol=0) else None


def _round(limit: float) -> float:
    """Without what rounding left in the last digits."""
    return float(f"{limit:.10g}")
