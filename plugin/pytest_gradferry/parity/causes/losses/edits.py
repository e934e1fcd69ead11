"""The calls of losses of the two sides that belong together, and changing one of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ...compare import Comparison
from ...errors import ParityInputError
from ...layout import Array
from ...training.loss_calls import Call, Edit


@dataclass(frozen=True)
class CallPair:
    """The k-th call of either side."""

    comparison: Comparison
    index: int
    torch: Call
    keras: Call

    @property
    def keras_port(self) -> bool:
        return self.comparison.port.framework == "keras"

    @property
    def port(self) -> Call:
        return self.keras if self.keras_port else self.torch

    def role(self, framework: str) -> str:
        return "port" if framework == self.comparison.port.framework else "reference"

    def numbers(self, framework: str) -> tuple[Array, Array]:
        """Output and target of that side's call."""
        call = self.torch if framework == "torch" else self.keras
        side = self.side(framework)
        return side.array(call.output), side.array(call.target)

    def side(self, framework: str) -> Any:
        sides = (self.comparison.port, self.comparison.reference)
        return next(side for side in sides if side.framework == framework)

    @contextmanager
    def edited(self, framework: str, edit: Edit) -> Iterator[None]:
        losses = self.comparison.losses
        assert losses is not None
        in_reference = self.side(framework) is self.comparison.reference
        with losses.calls[framework].edited(self.index, edit):
            if in_reference:
                self.comparison.forget()
            yield
        if in_reference:
            self.comparison.forget()

    def keep(self, framework: str, edit: Edit) -> None:
        """For the rest of the comparison."""
        losses = self.comparison.losses
        assert losses is not None
        losses.calls[framework].edits.setdefault(self.index, []).append(edit)
        self.comparison.forget()

    @contextmanager
    def given(self, framework: str, **changes: Any) -> Iterator[None]:
        with self.edited(framework, lambda call: call.given(**changes)):
            yield


def call_pairs(comparison: Comparison) -> list[CallPair]:
    """Of the losses as they stand; none where the two sides make different numbers of calls."""
    losses = comparison.losses
    assert losses is not None
    comparison.forget()
    comparison.loss_values()
    torchs, kerass = losses.calls["torch"].seen, losses.calls["keras"].seen
    if len(torchs) != len(kerass):
        return []
    pairs = zip(torchs, kerass, strict=True)
    return [CallPair(comparison, i, a, b) for i, (a, b) in enumerate(pairs)]


def keras_from_logits(comparison: Comparison) -> bool:
    """Whether the user's Keras loss takes logits."""
    if comparison.losses is None or comparison.losses.named:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras' own, of logits that a softmax made
            comparison.loss_values()
    except ParityInputError:
        return False
    seen = comparison.losses.calls["keras"].seen
    return any(bool(call.arguments.get("from_logits")) for call in seen)
