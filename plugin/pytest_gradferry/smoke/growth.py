"""What grows from step to step, as the `memory` check asks a trainee."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Kept:
    """Something that is kept: who keeps it, and what to do."""

    holder: str  # "`losses` in the closure of step"; empty where it was not found
    fix: str
    code: str = ""


class Ledger(ABC):
    """Counts, from step to step, what may be kept alive.  Counting must keep nothing alive."""

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Inside, what the steps make is counted."""
        yield

    @abstractmethod
    def amounts(self) -> dict[str, int]:
        """How many of each kind there are now: "nodes of the autograd graph" -> 12."""

    @abstractmethod
    def kept(self, kind: str) -> Kept:
        """Who keeps those of a kind that has grown."""
