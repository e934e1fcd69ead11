"""A step that is compiled, and how the same step runs without."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..frameworks import Undo
from .held import Generator, Held


@dataclass
class Traced:
    """A function that was compiled, over the calls of it while steps ran."""

    name: str
    traces: list[int] = field(default_factory=list)  # how often each call compiled it
    objects: dict[int, Any] = field(default_factory=dict)  # what was called, by id
    # Python's generators that calls drew from without compiling it
    draws: set[str] = field(default_factory=set)
    # the Python numbers among the arguments of each call
    numbers: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass(frozen=True)
class Keeper:
    """Where Python keeps something between calls: its name, its value, and how to note it."""

    name: str
    read: Callable[[], Any]  # a copy of a plain value; of anything else, what never changes
    save: Callable[[], Undo]
    draws: bool = False  # whether it is the state of a random generator


def keepers(held: Held, generators: Iterable[Generator]) -> list[Keeper]:
    """The places of plain values that a step and its model have, and random generators."""
    found = [
        Keeper(place.name, partial(_plain_value, place.get), partial(held.save_place, place))
        for place in held.places
    ]
    generators = [*held.generators, *generators]
    return found + [Keeper(g.name, g.state, g.save, draws=True) for g in generators]


def _plain_value(get: Callable[[], Any]) -> Any:
    value = get()
    if isinstance(value, dict):
        return {key: member for key, member in value.items() if _is_plain(member)}
    if isinstance(value, (list, tuple, set, deque)):
        return [member for member in value if _is_plain(member)]
    return value if _is_plain(value) else None


def _is_plain(value: Any) -> bool:
    return isinstance(value, (bool, int, float, complex, str, bytes))


@dataclass
class Kept:
    """What Python kept at a place when an eager call of a compiled function began and ended."""

    keeper: Keeper
    entered: list[Any] = field(default_factory=list)
    left: list[Any] = field(default_factory=list)

    @property
    def changed_inside(self) -> bool:
        return any(repr(a) != repr(b) for a, b in zip(self.entered, self.left, strict=True))

    @property
    def changed(self) -> bool:
        """Whether a call saw, or left, another value than the first call saw."""
        return len({repr(value) for value in (*self.entered, *self.left)}) > 1


class Compiling:
    """What each framework fills in.  The contexts are for steps taken inside."""

    slow = False  # too slow to be run unasked
    epsilon = 2.0**-23  # of the coarsest floating type that the step computes in
    eager_reason = "the step runs eagerly"

    def watched(self) -> AbstractContextManager[Any]:
        """What a step has to run in where hooks and patches are to see it."""
        return nullcontext()

    def absent(self) -> str:
        """Why nothing can be compared, empty where it can."""
        return "not done for this kind of model"

    def unlike(self) -> str:
        """Why compiled and eager steps cannot agree, empty where they should."""
        return ""

    def compiled(self, seen: dict[Any, Traced]) -> AbstractContextManager[Any]:
        """The step as it is compiled; what is called is noted in `seen`."""
        return nullcontext()

    def anew(
        self, seen: dict[Any, Traced], tensors: bool = False
    ) -> AbstractContextManager[Any] | None:
        """The same compiled from the beginning, the numbers it is given as tensors if so asked.

        None where the framework sees for itself when to compile anew.
        """
        return None

    def eager(
        self, kept: list[Kept] | None = None, frozen: Iterable[Keeper] = ()
    ) -> AbstractContextManager[Any]:
        """The step run eagerly.

        What compiled functions find at the places `frozen` is what the first call found, and what
        they leave there is undone, as if Python had run once.  `kept` is filled.
        """
        return nullcontext()

    def recompiled_for(self, train: Callable[[AbstractContextManager[Any]], Any]) -> str:
        """The attribute whose changes make it compile anew in each step; `train` trains inside."""
        return ""

    def remark(self) -> str:
        """What else is worth knowing of a step that passed."""
        return ""
