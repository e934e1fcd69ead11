"""Samples that a torch step draws from distributions of its model's outputs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...frameworks import load

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True


@contextmanager
def reparametrised() -> Iterator[list[str]]:
    """Inside, normal distributions give samples with a gradient where gradients are recorded.

    Its value has "sample" for each that would have had none, and "log_prob" for each density taken,
    from which a gradient is estimated without it.
    """
    torch = load("torch")
    kind, calls = torch.distributions.Normal, list[str]()
    sample, log_prob = kind.sample, kind.log_prob

    def with_gradient(normal: Any, *shape: Any, **named: Any) -> Any:
        if torch.is_grad_enabled() and (normal.loc.requires_grad or normal.scale.requires_grad):
            calls.append("sample")
            return normal.rsample(*shape, **named)
        return sample(normal, *shape, **named)

    def noted(normal: Any, value: Any) -> Any:
        calls.append("log_prob")
        return log_prob(normal, value)

    kind.sample, kind.log_prob = with_gradient, noted
    try:
        yield calls
    finally:
        kind.sample, kind.log_prob = sample, log_prob
