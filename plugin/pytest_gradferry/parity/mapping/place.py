"""Where a weight of the table stands in a layer: under an attribute, whole or as one of its blocks.

weight                                an attribute
cell.kernel                           an attribute of an attribute
cell.bias[1/2]                        the second of two equal blocks of its first axis
q_proj_weight | in_proj_weight[0/3]   the first of these that the layer has
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Block:
    """One of `count` equal blocks of an array's first axis."""

    index: int
    count: int

    def of(self, whole: Array) -> Array:
        block: Array = np.split(whole, self.count)[self.index]
        return block

    def into(self, whole: Array, value: Array) -> Array:
        """`whole` with this block replaced."""
        parts = np.split(whole, self.count)
        parts[self.index] = value
        return np.concatenate(parts)


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
    return next((p for p in _places(path) if follow(layer, p.attribute) is not None), None)


@cache
def _places(path: str) -> tuple[Place, ...]:
    return tuple(_parsed(part.strip()) for part in path.split("|"))


def _parsed(text: str) -> Place:
    attribute, _, rest = text.partition("[")
    if not rest:
        return Place(attribute)
    index, _, count = rest.rstrip("]").partition("/")
    return Place(attribute, Block(int(index), int(count)))
