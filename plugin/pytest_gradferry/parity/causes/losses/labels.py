"""Targets: their shape, their smoothing, and those that are left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ....frameworks import load
from ... import tree
from ...compare import Comparison
from ...training.loss_calls import Call, Edit
from ..hypothesis import Hypothesis
from .edits import CallPair


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


def label_smoothing(pair: CallPair) -> Iterator[Hypothesis]:
    theirs = float(pair.torch.arguments.get("label_smoothing", 0.0))
    ours = float(pair.keras.arguments.get("label_smoothing", 0.0))
    if theirs == ours:
        return
    here, there = (ours, theirs) if pair.keras_port else (theirs, ours)
    edit: Edit | None = None
    if pair.keras_port:
        sparse = pair.keras.name == "sparse_categorical_crossentropy"
        fix = f"label_smoothing={there:g}"
        if sparse:
            fix = f"CategoricalCrossentropy(label_smoothing={there:g}) of one-hot targets"
            edit = partial(_one_hot, smoothing=there)
    else:
        fix = f"label_smoothing={there:g}"
        if pair.torch.kind == "binary":
            fix = f"give BCE targets of y * (1 - {there:g}) + {there / 2:g}"
            edit = partial(_smoothed, smoothing=there)
    framework = pair.port.framework
    if edit is None:
        edit = partial(Call.given, label_smoothing=there)
    yield Hypothesis(
        f"label smoothing of the port's loss is {here:g}, the reference's {there:g}",
        f"label_smoothing={there:g}",
        fix,
        partial(pair.edited, framework, edit),
    )


def _one_hot(call: Call, smoothing: float) -> Call:
    """Keras' sparse cross entropy cannot smooth; that of one-hot targets can."""
    keras = load("keras")
    arguments = call.arguments

    def run(output: Any, target: Any, **given: Any) -> Any:
        loss = keras.losses.CategoricalCrossentropy(
            from_logits=given.get("from_logits", False),
            label_smoothing=smoothing,
            reduction=given.get("reduction", "sum_over_batch_size"),
        )
        classes = keras.ops.cast(target, "int32")
        if len(classes.shape) == len(output.shape):
            classes = keras.ops.squeeze(classes, -1)
        one_hot = keras.ops.one_hot(classes, output.shape[-1], dtype=output.dtype)
        return loss(one_hot, output, given.get("sample_weight"))

    return replace(call, function=run, arguments=arguments)


def _smoothed(call: Call, smoothing: float) -> Call:
    return replace(call, target=call.target * (1 - smoothing) + smoothing / 2)


def ignored(pair: CallPair) -> Iterator[Hypothesis]:
    """A class that one side alone leaves out; torch leaves out -100 unasked."""
    if "ignore_index" not in pair.torch.arguments or pair.torch.kind not in (
        "cross_entropy",
        "nll",
    ):
        return
    _, target = pair.numbers("torch")
    if target.dtype.kind not in "iu":
        return

    def present(value: Any) -> Any:
        return value if value is not None and np.any(target == value) else None

    theirs = present(pair.torch.arguments["ignore_index"])
    ours = present(pair.keras.arguments.get("ignore_class"))
    if theirs == ours:
        return
    here, there = (ours, theirs) if pair.keras_port else (theirs, ours)
    word = "ignore_class" if pair.keras_port else "ignore_index"
    value = there if pair.keras_port or there is not None else _ABSENT
    said = f"leaves out targets of {here}" if here is not None else "takes every target"
    wanted = f"leaves out those of {there}" if there is not None else "takes every one"
    yield Hypothesis(
        f"the port's loss {said}, the reference's {wanted}",
        f"{word}={value}",
        f"give the port's loss {word}={value}",
        partial(pair.given, pair.port.framework, **{word: value}),
        "XFR424",
    )


_ABSENT = -100  # torch's own: no target has it
