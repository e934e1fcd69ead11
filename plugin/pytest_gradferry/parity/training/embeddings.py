"""What sets embeddings apart in training: the padding's row, a matrix shared with the output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from ...frameworks import load
from ...wording import listed
from ..causes.hypothesis import Hypothesis
from ..compare import Comparison
from ..pairing.layers import WeightPair
from ..sides.side import Handle, Side


def stop_padding_rows(comparison: Comparison) -> bool:
    """torch gives the row of an embedding's padding_idx no gradient; Keras has no such row, so its
    embedding gets none through those tokens either. Whether there are any.

    A matrix that is the output layer's too still gets that layer's gradient, as in torch.
    """
    found = False
    for pair in comparison.pairing.layers:
        if pair.reference.row.kind != "embedding":
            continue
        keras_port = comparison.port.framework == "keras"
        side = comparison.port if keras_port else comparison.reference
        layer, other = pair.port.layer, pair.reference.layer
        if not keras_port:
            layer, other = other, layer
        row = getattr(other, "padding_idx", None)
        if row is None:
            continue
        found = True
        if comparison.recorded and not keras_port:  # its gradients are in a file
            _mask(side, pair.weights[0].reference, row)
        else:
            _stop(side, layer, row)
    return found


def _mask(side: Side, handle: Handle, row: int) -> None:
    mask = np.ones((side.get(handle).shape[0], 1))
    mask[row] = 0.0
    side.mask(handle, mask)


def _stop(side: Side, layer: Any, row: int) -> None:
    ops = load("keras").ops
    tokens: list[Any] = []

    def before(x: Any) -> Any:
        tokens[:] = [x]
        return x

    def behind(output: Any) -> Any:
        padding = ops.expand_dims(ops.equal(tokens[0], row), -1)
        return ops.where(padding, ops.stop_gradient(output), output)

    side.before[id(layer)], side.behind[id(layer)] = before, behind


def ties(comparison: Comparison) -> Iterator[Hypothesis]:
    """Weights that are one in the reference, such as an embedding and the output layer."""
    reference, port = comparison.reference, comparison.port
    shared: dict[tuple[int, Any], list[WeightPair]] = {}
    for pair in comparison.trained_weights():
        shared.setdefault((reference.key(pair.reference), pair.reference.block), []).append(pair)
    for pairs in shared.values():
        if len({port.key(pair.port) for pair in pairs}) < len(pairs) or len(pairs) < 2:
            continue
        names = [pair.port.name for pair in pairs]
        yield Hypothesis(
            f"{listed(names)} are one weight in the reference, and trained apart in the port",
            "their gradients added up",
            "use the one layer's weight in the other: in Keras "
            "ops.matmul(x, ops.transpose(embed.embeddings)), in torch out.weight = embed.weight",
            partial(_tied, port, pairs),
        )


@contextmanager
def _tied(port: Side, pairs: list[WeightPair]) -> Iterator[None]:
    group = [(pair.port, pair.to_reference, pair.to_port) for pair in pairs]
    port.ties.append(group)
    try:
        yield
    finally:
        port.ties.remove(group)


def untied(comparison: Comparison) -> Iterator[Hypothesis]:
    """Weights that are one in the port, where the reference has several: one of them got the
    values of the other."""
    reference, port = comparison.reference, comparison.port
    if port.framework != "torch":
        return  # Keras' layers have variables of their own; what else may be shared is no layer's
    shared: dict[tuple[int, Any], list[WeightPair]] = {}
    for pair in comparison.trained_weights():
        shared.setdefault((port.key(pair.port), pair.port.block), []).append(pair)
    for pairs in shared.values():
        if len({reference.key(pair.reference) for pair in pairs}) < len(pairs) or len(pairs) < 2:
            continue
        names = [pair.port.name for pair in pairs]
        yield Hypothesis(
            f"{listed(names)} are one weight in the port, and several in the reference",
            "a weight for each",
            f"leave out {names[-1]} = {names[0]}, or whatever makes them one",
            partial(_parted, comparison, pairs),
        )


@contextmanager
def _parted(comparison: Comparison, pairs: list[WeightPair]) -> Iterator[None]:
    """Modules take a parameter of their own by its name."""
    reference, port = comparison.reference, comparison.port
    parameter = load("torch").nn.Parameter
    saved = [(pair.port.owner, str(pair.port.attribute), pair.port.variable) for pair in pairs]
    try:
        for pair, (owner, name, _) in zip(pairs, saved, strict=True):
            value = pair.to_port(reference.get(pair.reference))
            setattr(owner, name, parameter(port.tensor(value)))
        yield
    finally:
        for owner, name, variable in saved:
            setattr(owner, name, variable)
