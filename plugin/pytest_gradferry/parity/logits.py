"""Why losses of equal outputs differ: logits for probabilities, broadcasting, sums for means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from . import tree
from .compare import Comparison, relative
from .hypothesis import Hypothesis
from .losses import Losses

_SAME = 1e-7


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


def broadcast(comparison: Comparison) -> Iterator[Hypothesis]:
    """Targets (N,) against outputs (N, 1), which torch makes (N, N) of."""
    outputs, targets = (
        tree.leaves(found) for found in (comparison.reference_outputs(), comparison.targets)
    )
    if len(outputs) != 1 or len(targets) != 1:
        return
    (output,), (target,) = outputs, targets
    if target.shape == output.shape or target.size != output.size or target.dtype.kind != "f":
        return
    yield Hypothesis(
        f"targets of shape {target.shape} are broadcast against outputs of shape {output.shape}",
        f"targets of shape {output.shape}",
        f"give targets of shape {output.shape}",
        lambda: _reshaped(comparison, output.shape),
        "XFR909",
    )


@contextmanager
def _reshaped(comparison: Comparison, shape: tuple[int, ...]) -> Iterator[None]:
    saved = comparison.targets, comparison.port_targets
    comparison.targets, comparison.port_targets = (
        tree.transform(lambda a: a.reshape(shape), targets) for targets in saved
    )
    comparison.forget()
    try:
        yield
    finally:
        comparison.targets, comparison.port_targets = saved
        comparison.forget()


def reduction(comparison: Comparison) -> Iterator[Hypothesis]:
    """One loss is a sum of what the other averages."""
    losses, outputs = comparison.losses, tree.leaves(comparison.reference_outputs())
    if losses is None or losses.named or len(outputs) != 1 or not outputs[0].ndim:
        return
    output, keras_port = outputs[0], comparison.port.framework == "keras"
    theirs, ours = comparison.loss_values()
    counts = {
        output.shape[0]: "the samples",
        output.size: "all elements",
        output.size // output.shape[0]: "the elements of a sample",
    }
    for count, over in counts.items():
        for sums, factor in (("port", 1 / count), ("reference", float(count))):
            if count > 1 and relative(np.array(ours * factor), np.array(theirs)) < _SAME:
                other = "reference" if sums == "port" else "port"
                yield Hypothesis(
                    f"the {sums}'s loss is a sum over {over} ({count}), the {other}'s a mean",
                    "the port's loss " + (f"/ {count}" if sums == "port" else f"* {count}"),
                    "take the same reduction on both sides",
                    partial(_scaled, losses, "keras" if keras_port else "torch", factor),
                    "XFR422",
                )
                return


@contextmanager
def _scaled(losses: Losses, framework: str, factor: float) -> Iterator[None]:
    saved = getattr(losses, framework)
    setattr(losses, framework, lambda first, second: saved(first, second) * factor)
    try:
        yield
    finally:
        setattr(losses, framework, saved)


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
