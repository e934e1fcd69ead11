"""The words in which `tape_trails.Tracer` answers: where a value leads back to, what breaks it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from ..source.walk import File, Function


class Why(Enum):
    """Why the tape has no gradient of something."""

    OUTSIDE = "outside"  # it ran outside the block
    VALUES = "values"  # its values left TensorFlow
    STEPS = "steps"  # it has no slope: integers, comparisons, rounding


class Break(NamedTuple):
    """The place at which a trail is lost."""

    why: Why
    file: File
    node: ast.expr


class Contact(NamedTuple):
    """What a trail has to lead to: a model, or variables by name."""

    shown: str
    model: ast.expr | None = None
    names: frozenset[str] = frozenset()


class Trail(NamedTuple):
    """Where a value leads back to."""

    reaches: bool = False  # recorded all the way
    unseen: bool = False  # there may be more than can be seen
    breaks: tuple[Break, ...] = ()

    @property
    def open(self) -> bool:
        return self.reaches or self.unseen

    @property
    def empty(self) -> bool:
        return not self.open and not self.breaks

    def lost(self, why: Why, at: At) -> Trail:
        """The same after something that the tape does not record."""
        if not self.reaches:
            return Trail(breaks=self.breaks)
        assert isinstance(at.node, ast.expr)
        return Trail(breaks=(*self.breaks, Break(why, at.file, at.node)))


NOWHERE = Trail()
UNSEEN = Trail(unseen=True)


def union(parts: Iterable[Trail]) -> Trail:
    every = list(parts)
    breaks = dict.fromkeys(b for part in every for b in part.breaks)
    return Trail(any(p.reaches for p in every), any(p.unseen for p in every), tuple(breaks))


@dataclass(frozen=True, eq=False)
class Frame:
    """One call of a function of the project."""

    function: Function
    recorded: bool
    depth: int
    given: dict[str, At] = field(default_factory=dict)


class At(NamedTuple):
    """An expression, and the call inside which it is evaluated."""

    file: File
    node: ast.AST
    frame: Frame | None = None
    path: tuple[int, ...] = ()

    def to(self, node: ast.AST, path: tuple[int, ...] = ()) -> At:
        return At(self.file, node, self.frame, path)
