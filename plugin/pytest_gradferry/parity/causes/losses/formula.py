"""Another formula: of another kind, with another threshold, its arguments swapped, or clipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ....frameworks import load
from ...training.loss_calls import Call
from ...training.losses import NAMED
from ..hypothesis import Hypothesis
from .edits import CallPair

_SAID = {"huber": "huber (smooth L1)", "binary": "binary cross entropy"}
_BY_NAME = {"mse": "mse", "l1": "l1", "huber": "huber", "cross_entropy": "cross_entropy"}
_CLIP = 1e-7  # keras.config.epsilon()


def kind(pair: CallPair) -> Iterator[Hypothesis]:
    """Another loss than the reference's altogether."""
    theirs, ours = (
        (pair.torch.kind, pair.keras.kind)
        if pair.keras_port
        else (pair.keras.kind, pair.torch.kind)
    )
    if theirs == ours or not ours or theirs not in _BY_NAME:
        return
    torch, keras = NAMED[_BY_NAME[theirs]]()

    def run(output: Any, target: Any, **_: Any) -> Any:
        return keras(target, output) if pair.keras_port else torch(output, target)

    yield Hypothesis(
        f"the port's loss is {_SAID.get(ours, ours)}, the reference's {_SAID.get(theirs, theirs)}",
        f"{theirs}",
        f"take {_SAID.get(theirs, theirs)} in the port too",
        partial(pair.edited, pair.port.framework, lambda call: replace(call, function=run)),
    )


def huber_threshold(pair: CallPair) -> Iterator[Hypothesis]:
    """`SmoothL1Loss(beta)` is `Huber(delta=beta) / beta`."""
    if pair.torch.kind != "huber" or pair.keras.kind != "huber":
        return
    smooth = pair.torch.name == "smooth_l1_loss"
    word = "beta" if smooth else "delta"
    theirs, ours = float(pair.torch.arguments[word]), float(pair.keras.arguments["delta"])
    if smooth and theirs != 1.0:
        divide = pair.keras_port
        change = f"delta={theirs:g}, / {theirs:g}" if divide else f"beta={ours:g}, * {ours:g}"
        value = theirs if divide else ours
        framework, factor = ("keras", 1 / value) if divide else ("torch", value)
        yield Hypothesis(
            f"torch's SmoothL1Loss(beta={theirs:g}) is Huber(delta={theirs:g}) / {theirs:g}; "
            f"Keras' has delta={ours:g}",
            change,
            "take torch's HuberLoss, or divide Keras' Huber(delta=beta) by beta",
            partial(
                pair.edited,
                framework,
                lambda call: times(call.given(**{"delta" if divide else "beta": value}), factor),
            ),
        )
    elif theirs != ours:
        here, there = (ours, theirs) if pair.keras_port else (theirs, ours)
        name = "delta" if pair.keras_port else word
        given = {name: there}
        yield Hypothesis(
            f"{name} of the port's loss is {here:g}, the reference's {there:g}",
            f"{name}={there:g}",
            f"give the port's loss {name}={there:g}",
            partial(
                pair.edited,
                pair.port.framework,
                lambda call: times(call.given(**given), there if name == "beta" else 1.0),
            ),
        )


def times(call: Call, factor: float) -> Call:
    plain = call.function
    return replace(call, function=lambda *args, **kwargs: plain(*args, **kwargs) * factor)


def arguments_swapped(pair: CallPair) -> Iterator[Hypothesis]:
    for framework in (pair.port.framework, "torch", "keras"):
        call = pair.torch if framework == "torch" else pair.keras
        if tuple(call.output.shape) != tuple(call.target.shape):
            continue
        if "int" in str(call.target.dtype) or "int" in str(call.output.dtype):
            continue
        order = "(output, target)" if framework == "torch" else "(target, output)"
        yield Hypothesis(
            f"the {pair.role(framework)}'s loss takes {order} and is called the other way round",
            "its arguments swapped",
            f"call {framework}'s loss with {order}",
            partial(pair.edited, framework, _swapped),
            "XFR405",
        )


def _swapped(call: Call) -> Call:
    return replace(call, output=call.target, target=call.output)


def clipped(pair: CallPair) -> Iterator[Hypothesis]:
    """Keras keeps probabilities 1e-7 off 0 and 1; torch their logarithm above -100."""
    output, _ = pair.numbers("keras")
    if pair.keras.arguments.get("from_logits") is not False or not output.size:
        return
    beyond = int(np.sum((output < _CLIP) | (output > 1 - _CLIP)))
    if not beyond or output.min() < 0 or output.max() > 1:
        return
    yield Hypothesis(
        f"{beyond} of the probabilities are within 1e-7 of 0 or 1, where Keras' loss clips them "
        "and torch's does not",
        "torch's clipped alike",
        "take losses of logits on both sides: from_logits=True and BCEWithLogitsLoss or "
        "CrossEntropyLoss",
        partial(pair.edited, "torch", _clipped),
    )


def _clipped(call: Call) -> Call:
    probabilities = call.name == "binary_cross_entropy"
    low, high = (_CLIP, 1 - _CLIP) if probabilities else (float(np.log(_CLIP)), 0.0)
    return replace(call, output=call.output.clamp(low, high))


def clips_targets(pair: CallPair) -> bool:
    """Keras' KL divergence raises targets to 1e-7."""
    _, target = pair.numbers("keras")
    return pair.keras.kind == "kl_div" and bool(np.any((target < _CLIP) & (target >= 0)))


def targets_unclipped(call: Call) -> Call:
    """The divergence of the targets as they are."""
    ops = load("keras").ops

    def run(output: Any, target: Any, **arguments: Any) -> Any:
        output = ops.clip(output, _CLIP, 1)
        target = ops.cast(target, output.dtype)
        logarithm = ops.log(ops.where(target > 0, target, ops.ones_like(target)))
        losses = ops.sum(target * (logarithm - ops.log(output)), axis=-1)
        return ops.sum(losses) if arguments.get("reduction") == "sum" else ops.mean(losses)

    return replace(call, function=run)
