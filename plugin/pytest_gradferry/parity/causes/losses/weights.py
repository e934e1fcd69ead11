"""Weights of classes and of samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ....frameworks import load
from ...layout import Array
from ...training.loss_calls import Call
from ..hypothesis import Hypothesis
from .edits import CallPair

MEAN = "mean_with_sample_weight"


def class_weights(pair: CallPair) -> Array | None:
    """torch's weight of each target, None where it has none or takes them otherwise."""
    weight = pair.torch.arguments.get("weight")
    output, target = pair.numbers("torch")
    if weight is None or pair.torch.kind not in ("cross_entropy", "nll"):
        return None
    if target.dtype.kind not in "iu":
        if target.ndim != output.ndim:
            return None
        target = target.argmax(axis=1)
    ignored = pair.torch.arguments.get("ignore_index")
    weights: Array = pair.side("torch").array(weight)
    left_out = target == ignored
    return np.where(left_out, 0.0, weights[np.where(left_out, 0, target)])


def missing_weights(pair: CallPair) -> Iterator[Hypothesis]:
    """Class weights in torch against weights of the samples in Keras: one side has none."""
    theirs, ours = class_weights(pair), pair.keras.arguments.get("sample_weight")
    if (theirs is None) == (ours is None):
        return
    if pair.keras_port and theirs is not None:
        if "reduction" not in pair.keras.arguments:
            return
        mean = pair.torch.arguments["reduction"] == "mean"
        weights = pair.side("keras").tensor(theirs)
        yield Hypothesis(
            "the reference's loss has class weights, the port's none",
            "sample_weight=weight[targets]" + (f', reduction="{MEAN}"' if mean else ""),
            f'give the port\'s loss sample_weight=weight[targets] and reduction="{MEAN}": torch '
            "divides by the sum of the weights",
            partial(
                pair.given,
                "keras",
                sample_weight=weights,
                **({"reduction": MEAN} if mean else {}),
            ),
        )
    elif pair.keras_port:
        yield Hypothesis(
            "the port's loss has sample weights, the reference's none",
            "sample_weight=None",
            "leave sample_weight out of the port's loss, or weight the reference's",
            partial(pair.given, "keras", sample_weight=None),
        )
    elif theirs is not None:
        yield Hypothesis(
            "the port's loss has class weights, the reference's none",
            "weight=None",
            "leave weight out of the port's loss, or weight the reference's",
            partial(pair.given, "torch", weight=None),
        )
    else:
        weights = pair.side("torch").tensor(pair.side("keras").array(ours))
        reduction = pair.keras.arguments.get("reduction")
        yield Hypothesis(
            "the reference's loss has sample weights, the port's none",
            "the loss of each sample times its weight",
            'weight the port\'s losses: (weight * loss(..., reduction="none")).mean()',
            partial(pair.edited, "torch", partial(_weighted, weights=weights, how=reduction)),
        )


def _weighted(call: Call, weights: Any, how: Any) -> Call:
    plain = call.function

    def run(output: Any, target: Any, **arguments: Any) -> Any:
        loss = plain(output, target, **(arguments | {"reduction": "none"}))
        if loss.ndim > weights.ndim:
            loss = loss.flatten(weights.ndim).mean(-1) if loss.ndim > 1 else loss
        total = (loss * weights.reshape(loss.shape)).sum()
        if how == "sum":
            return total
        return total / (weights.sum() if how == MEAN else loss.numel())

    return replace(call, function=run)


def positive_weight(pair: CallPair) -> Iterator[Hypothesis]:
    """torch's weight of the positive targets, which no Keras loss has."""
    weight = pair.torch.arguments.get("pos_weight")
    if weight is None or pair.keras.name != "binary_crossentropy":
        return
    value = pair.side("torch").array(weight)
    shown = f"{float(value.flat[0]):g}" if value.size == 1 else str(value.tolist())
    if not pair.keras_port:
        yield Hypothesis(
            f"the port's loss has pos_weight={shown}, the reference's none",
            "pos_weight=None",
            "leave pos_weight out, or weight the reference's positive targets",
            partial(pair.given, "torch", pos_weight=None),
        )
        return
    yield Hypothesis(
        f"the reference's loss has pos_weight={shown}, the port's none",
        f"positive targets weighted by {shown}",
        "weight the positive targets: keras.ops.where(y > 0.5, pos_weight, 1.0) times the loss of "
        'each element, from BinaryCrossentropy(axis=(), reduction="none") or by hand',
        partial(pair.edited, "keras", partial(_positives_weighted, weight=value)),
    )


def _positives_weighted(call: Call, weight: Array) -> Call:
    ops = load("keras").ops

    def run(output: Any, target: Any, **arguments: Any) -> Any:
        smoothing = arguments.get("label_smoothing") or 0.0
        target = ops.cast(target, output.dtype) * (1 - smoothing) + smoothing / 2
        if arguments.get("from_logits"):
            yes, no = ops.log_sigmoid(output), ops.log_sigmoid(-output)
        else:
            yes, no = ops.log(output), ops.log(1 - output)
        factor = ops.cast(ops.convert_to_tensor(weight), output.dtype)
        losses = ops.mean(-(factor * target * yes + (1 - target) * no), axis=-1)
        return ops.sum(losses) if arguments.get("reduction") == "sum" else ops.mean(losses)

    return replace(call, function=run)
