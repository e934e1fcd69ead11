"""Why the port's loss differs from one that was recorded: what can be tried on the port's alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from ...compare import Comparison
from ...training.losses import NAMED
from ..hypothesis import Hypothesis
from .edits import CallPair
from .logits import keras_logits, torch_logits
from .scale import offset, scaled, sums

_KINDS = ("mse", "l1", "huber")
_SMOOTHING = 0.1  # what torchvision's and timm's training take


def loss_alone(comparison: Comparison) -> Iterator[Hypothesis]:
    losses, framework = comparison.losses, comparison.port.framework
    if losses is None or losses.named:
        return
    comparison.loss_values()
    for i, call in enumerate(list(losses.calls[framework].seen)):
        pair = CallPair(comparison, i, call, call)
        yield from keras_logits(pair) if framework == "keras" else torch_logits(pair)
        yield from _smoothing(pair)
        yield from _kinds(pair)
    yield from sums(comparison)
    yield from scaled(comparison)
    yield from offset(comparison)


def _smoothing(pair: CallPair) -> Iterator[Hypothesis]:
    current = pair.port.arguments.get("label_smoothing")
    if not isinstance(current, (int, float)):
        return
    wanted = 0.0 if current else _SMOOTHING
    yield Hypothesis(
        f"label smoothing of the port's loss is {current:g}, of the recorded one {wanted:g}",
        f"label_smoothing={wanted:g}",
        f"label_smoothing={wanted:g}",
        partial(pair.given, pair.port.framework, label_smoothing=wanted),
    )


def _kinds(pair: CallPair) -> Iterator[Hypothesis]:
    for name in _KINDS:
        if pair.port.kind not in _KINDS or name == pair.port.kind:
            continue
        torch, keras = NAMED[name]()

        def run(output: Any, target: Any, _pair: Any = (torch, keras), **__: Any) -> Any:
            torchs, kerass = _pair
            return kerass(target, output) if pair.keras_port else torchs(output, target)

        yield Hypothesis(
            f"the port's loss is {pair.port.kind}, the recorded one {name}",
            name,
            f"take {name} in the port too",
            partial(pair.edited, pair.port.framework, partial(replace, function=run)),
        )
