"""The same training on two processes or devices, each with half of the batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..frameworks import Array, Undo
from .errors import SmokeError
from .tree import leaves, map_arrays

REPLICAS = 2
SECONDS = 120.0  # after which what has not ended hangs


@dataclass
class Replica:
    """What one of them came to: its losses on its half of the batch, and the weights."""

    losses: list[float] = field(default_factory=list)
    after: dict[str, Array] = field(default_factory=dict)


class ParallelError(Exception):
    """The training stopped with an error, or hung; the message says how."""


class Parallel:
    """What each framework fills in."""

    what = ""  # "DistributedDataParallel on 2 processes"
    without_statistics = ""  # what `quiet(batch_norm=True)` does, for the report

    def absent(self) -> str:
        """Why it cannot be done, and what to change; empty where it can."""
        return "not done for this kind of model"

    def train(self, steps: int, seed: int, unused: bool = False) -> list[Replica]:
        """Train from where the trainee is; `unused` weights may stay without a gradient.

        Raises ParallelError.
        """
        raise NotImplementedError

    def unused_allowed(self, error: ParallelError) -> str:
        """How the user allows weights without a gradient, where the error is of those."""
        return ""

    @contextmanager
    def quiet(self, batch_norm: bool = False) -> Iterator[None]:
        """Inside, dropout layers rest, and batch norm does not depend on the halves if asked."""
        yield

    def has_batch_norm(self) -> bool:
        return False


def half(tree: Any, index: int, size: int) -> Any:
    """One replica's part of the arrays with the batch on axis 0."""
    part = size // REPLICAS

    def cut(leaf: Any) -> Any:
        if getattr(leaf, "shape", ()) and leaf.shape[0] == size:
            return leaf[index * part : (index + 1) * part]
        return leaf

    return map_arrays(cut, tree)


def batch_size(inputs: Any, targets: Any) -> int:
    """Of all arrays together.  Raises SmokeError where they have none in common, or an odd one."""
    sizes = {int(x.shape[0]) for x in leaves([inputs, targets]) if getattr(x, "shape", ())}
    if len(sizes) != 1:
        raise SmokeError("the inputs and targets have no batch axis in common")
    size = sizes.pop()
    if size % REPLICAS or size < 2 * REPLICAS:
        raise SmokeError(f"a batch of {size} cannot be halved: give an even one, 4 or more")
    return size


def replaced(changes: list[tuple[Any, str, Any]]) -> Undo:
    """Set attributes; the function returned puts back what they were."""
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    for owner, name, value in changes:
        setattr(owner, name, value)

    def undo() -> None:
        for owner, name, value in before:
            setattr(owner, name, value)

    return undo
