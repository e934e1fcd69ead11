"""One layer makes several things at once, side by side: query, key and value, a value and its gate.
The port takes them in another order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import permutations

import numpy as np

from ..compare import Comparison
from ..layout import Array
from ..pairing.couples import Couple
from ..sides.side import Side
from .hypothesis import Hypothesis
from .localise import Divergence

_BEFORE = 4  # layers back that may have made them
_MOST = 4  # parts
_ORDINALS = ("first", "second", "third", "fourth")
_OF_ATTENTION = {
    (1, 0, 2): "query and key",
    (0, 2, 1): "key and value",
    (2, 1, 0): "query and value",
}


def parts(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    """What a layer put out, its parts as the reference takes them."""
    if not where.input_differs or where.couple.port.layer is None:
        return
    couples = comparison.couples(comparison.traces(where.training))
    at = next((i for i, c in enumerate(couples) if c.reference is where.couple.reference), 0)
    axis = _axis(where.couple)
    taken = where.couple.port.inputs.shape[axis]
    for producer in reversed(couples[max(at - _BEFORE, 0) : at]):
        made = producer.port.output
        if producer.port.layer is None or made.ndim != where.couple.port.inputs.ndim:
            continue
        count, rest = divmod(made.shape[axis], taken)
        if not rest and 2 <= count <= _MOST:
            yield from _orders(comparison.port, producer, where, count, axis)
            return


def _axis(couple: Couple) -> int:
    torch = couple.port.framework == "torch"
    return 1 if torch and couple.port.row.channels else -1


def _orders(
    side: Side, producer: Couple, where: Divergence, count: int, axis: int
) -> Iterator[Hypothesis]:
    name, features = producer.port.name, producer.port.output.shape[axis]
    positions: Array = np.arange(features)
    blocks = positions.reshape(count, -1)
    for order in list(permutations(range(count)))[1:]:
        moved = [(i, j) for i, j in enumerate(order) if i != j]
        said = ", ".join(f"the {_ORDINALS[i]} for the {_ORDINALS[j]}" for i, j in moved)
        known = f": {_OF_ATTENTION[order]} swapped" if order in _OF_ATTENTION else ""
        yield _hypothesis(
            side,
            producer,
            where,
            f"of the {count} parts of {name} the port takes {said}{known}",
            "the parts in the reference's order",
            f"take the parts of {name} in the reference's order",
            blocks[list(order)].ravel(),
            axis,
        )
    size = features // count
    for heads in (n for n in range(2, size + 1) if size % n == 0):
        inside = positions.reshape(count, heads, -1).transpose(1, 0, 2).ravel()
        for index, ours, theirs in (
            (inside, f"({heads}, {count}, ...)", f"({count}, {heads}, ...)"),
            (np.argsort(inside), f"({count}, {heads}, ...)", f"({heads}, {count}, ...)"),
        ):
            yield _hypothesis(
                side,
                producer,
                where,
                f"the port takes what {name} puts out for {ours}, the reference for {theirs}",
                f"the features as {theirs}",
                f"reshape what {name} puts out to (..., {theirs[1:]}, as the reference does",
                index,
                axis,
            )


def _hypothesis(
    side: Side,
    producer: Couple,
    where: Divergence,
    cause: str,
    change: str,
    fix: str,
    index: Array,
    axis: int,
) -> Hypothesis:
    return Hypothesis(
        cause,
        change,
        fix,
        partial(
            side.intercepted,
            producer.port.layer,
            behind=lambda tensor: side.take(tensor, index, axis),
        ),
        kind=cause.replace(producer.port.name, ""),
        place=producer.port.name,
    )
