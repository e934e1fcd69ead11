"""Where a weight of the table stands in a layer: under an attribute, whole or as one of its blocks.

weight                                an attribute
cell.kernel                           an attribute of an attribute
in_proj_bias[1/3]                     the second of three equal blocks of its first axis
cell.bias[1]                          its second row, where it has more axes than one
q_proj_weight | in_proj_weight[0/3]   the first of these that the layer has
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Block:
    """One of `count` equal blocks of an array's first axis; without a count, one of its rows."""

    index: int
    count: int | None

    def of(self, whole: Array) -> Array:
        block: Array = whole[self._where(whole)]
        return block

    def into(self, whole: Array, value: Array) -> Array:
        """`whole` with this block replaced."""
        whole = whole.copy()
        whole[self._where(whole)] = value
        return whole

    def _where(self, whole: Array) -> int | slice:
        if self.count is None:
            return self.index
        size = len(whole) // self.count
        return slice(self.index * size, (self.index + 1) * size)

    def __str__(self) -> str:
        return f"[{self.index}]" if self.count is None else f"[{self.index}/{self.count}]"


@dataclass(frozen=True)
class Place:
    attribute: str
    block: Block | None = None


def follow(owner: Any, attribute: str) -> Any:
    """An attribute, dotted or not; None where there is none."""
    for name in attribute.split("."):
        owner = getattr(owner, name, None)
    return owner


def find(layer: Any, path: str) -> Place | None:
    """Where `layer` has the weight that the table writes as `path`; None where it has none."""
    return next((p for p in _places(path) if _is_there(layer, p)), None)


def _is_there(layer: Any, place: Place) -> bool:
    weight = follow(layer, place.attribute)
    if weight is None or place.block is None or place.block.count is not None:
        return weight is not None
    return len(weight.shape) > 1


@cache
def _places(path: str) -> tuple[Place, ...]:
    return tuple(_parsed(part.strip()) for part in path.split("|"))


def _parsed(text: str) -> Place:
    attribute, _, rest = text.partition("[")
    if not rest:
        return Place(attribute)
    index, _, count = rest.rstrip("]").partition("/")
    return Place(attribute, Block(int(index), int(count) if count else None))
