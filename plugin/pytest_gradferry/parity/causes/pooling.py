"""Sequences with padding made into one vector each: whether the padding counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np

from ...frameworks import load
from ..compare import Comparison, relative
from ..layout import Array
from ..pairing.couples import Couple
from ..sides.side import Event, Side
from .glue import between
from .hypothesis import Hypothesis
from .localise import Afterwards, Divergence
from .sequences import kept_tokens

_SAME = 1e-6
_BEFORE = 4  # layers back whose output it may be made of

_ADVICE = {
    "the mean of what is no padding": "sum x * kept over the positions, divide by kept's sum",
    "the last position that is no padding": "take x at the lengths - 1",
    "the mean of all positions, the padding too": "take the mean over the positions",
    "the last position": "take x[:, -1]",
}


def padded_pooling(comparison: Comparison, where: Divergence | Afterwards) -> Iterator[Hypothesis]:
    found, kept = between(comparison, where), kept_tokens(comparison)
    if found is None or kept is None or kept.all() or not kept.any(1).all():
        return
    couples, after, consumer = found
    shares = _shares(kept.astype(np.float64))
    for producer in reversed(couples[-_BEFORE:]):
        outputs = producer.reference.output, producer.port.output
        names = [_recognised(x, y, shares) for x, y in zip(outputs, after, strict=True)]
        theirs, ours = names
        if theirs is None or ours is None or producer.port.layer is None:
            continue
        if theirs != ours:
            yield Hypothesis(
                f"of {producer.port.name} the port takes {ours}, the reference {theirs}",
                theirs,
                _ADVICE[theirs],
                partial(_pooled, comparison.port, producer, consumer, shares[theirs]),
            )
        return


def _shares(kept: Array) -> dict[str, Array]:
    """What each position counts, (N, T, 1), as a multiple of its share in the mean of all."""
    length = kept.shape[1]
    last = np.zeros_like(kept)
    ends = length - 1 - np.argmax(kept[:, ::-1], axis=1)
    last[np.arange(len(kept)), ends] = length
    end = np.zeros_like(kept)
    end[:, -1] = length
    found = (kept / kept.mean(1, keepdims=True), last, np.ones_like(kept), end)
    return {name: share[..., None] for name, share in zip(_ADVICE, found, strict=True)}


def _recognised(sequence: Array, after: Array, shares: dict[str, Array]) -> str | None:
    if sequence.ndim != 3 or sequence.shape[:2] != next(iter(shares.values())).shape[:2]:
        return None
    for name, share in shares.items():
        if relative((sequence * share).mean(1), after) < _SAME:
            return name
    return None


@contextmanager
def _pooled(side: Side, producer: Couple, consumer: Event | None, share: Array) -> Iterator[None]:
    caught: list[Any] = []

    def catch(tensor: Any) -> Any:
        caught.append(tensor)
        return tensor

    def replaced(_: Any) -> Any:
        weighted = caught.pop() * side.tensor(share)
        if side.framework == "torch":
            return weighted.mean(1)
        return load("keras").ops.mean(weighted, axis=1)

    with ExitStack() as stack:
        stack.enter_context(side.intercepted(producer.port.layer, behind=catch))
        if consumer is not None:
            stack.enter_context(side.intercepted(consumer.layer, before=replaced))
        else:
            stack.enter_context(side.intercepted(side.model, after=replaced))
        yield
