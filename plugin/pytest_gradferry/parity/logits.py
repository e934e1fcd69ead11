"""Losses of logits given probabilities, and the reverse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import tree
from .compare import Comparison
from .hypothesis import Hypothesis


def logits(comparison: Comparison) -> Iterator[Hypothesis]:
    losses = comparison.losses
    if losses is None or losses.named:
        return
    keras_loss = losses.keras
    probabilities = _are_probabilities(comparison)
    current = from_logits(keras_loss)
    if current is None:
        return
    in_port = comparison.port.framework == "keras"
    whose = "port's" if in_port else "reference's"
    torch_takes_logits = "cross_entropy" in _torch_name(losses.torch) or (
        "withlogits" in _torch_name(losses.torch)
    )
    if probabilities and not current and torch_takes_logits:
        yield Hypothesis(
            "the torch model ends in a softmax, but its loss takes logits",
            "the logarithm of the outputs given to torch's loss",
            "leave the softmax out of the torch model, or take NLLLoss of its logarithm",
            lambda: _torch_loss_of_log(comparison),
            "XFR401",
        )
        return
    yield Hypothesis(
        f"the {whose} Keras loss has from_logits={current}",
        f"from_logits={not current}",
        f"{type(keras_loss).__name__ if hasattr(keras_loss, '_fn_kwargs') else keras_loss.__name__}"
        f"(from_logits={not current})",
        lambda: _flipped_logits(comparison, not current),
        "XFR403" if current else "XFR402",
    )


def _torch_name(loss: Any) -> str:
    name = getattr(loss, "__name__", type(loss).__name__).lower()
    return "cross_entropy" if name == "crossentropyloss" else name


def _are_probabilities(comparison: Comparison) -> bool:
    found = tree.leaves(comparison.reference_outputs())
    if len(found) != 1 or found[0].ndim < 2 or found[0].min() < 0:
        return False
    axis = 1 if comparison.reference.framework == "torch" else -1
    return bool(np.allclose(found[0].sum(axis=axis), 1.0, atol=1e-5))


def from_logits(loss: Any) -> bool | None:
    """What a Keras loss does, None where it has no such choice."""
    if hasattr(loss, "_fn_kwargs"):
        value = loss._fn_kwargs.get("from_logits")
        return None if value is None else bool(value)
    return False if "crossentropy" in getattr(loss, "__name__", "") else None


@contextmanager
def _flipped_logits(comparison: Comparison, value: bool) -> Iterator[None]:
    losses = comparison.losses
    assert losses is not None
    saved = losses.keras
    if hasattr(saved, "_fn_kwargs"):
        old = saved._fn_kwargs
        saved._fn_kwargs = old | {"from_logits": value}
    else:
        losses.keras = lambda target, output: saved(target, output, from_logits=value)
    changed_reference = comparison.reference.framework == "keras"
    if changed_reference:
        comparison.forget()
    try:
        yield
    finally:
        losses.keras = saved
        if hasattr(saved, "_fn_kwargs"):
            saved._fn_kwargs = old
        if changed_reference:
            comparison.forget()


@contextmanager
def _torch_loss_of_log(comparison: Comparison) -> Iterator[None]:
    losses = comparison.losses
    assert losses is not None
    saved = losses.torch

    class OfLog:
        def __call__(self, output: Any, target: Any) -> Any:
            return saved(output.log(), target)

    losses.torch = OfLog()
    comparison.forget()
    try:
        yield
    finally:
        losses.torch = saved
        comparison.forget()
