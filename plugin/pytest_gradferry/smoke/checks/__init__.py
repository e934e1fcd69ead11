"""One module a check.  Adding a module adds the check; nothing else lists them."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ..evidence import Evidence
from ..report import Outcome

UNSTEADY = "evaluated twice with one seed, the outputs differ"

Run = Callable[[Evidence, dict[str, Outcome]], Outcome]


@dataclass(frozen=True)
class Check:
    """A check: its public id, when it runs, and the function that runs it.

    `run` is given the evidence and the outcomes of the checks before it, so that a consequence
    can say which failure it follows from.  Checks run in the order of `order`: causes first.
    """

    id: str
    order: int
    run: Run
    default: bool = True

    @property
    def summary(self) -> str:
        """What it checks, in one line: the first of its module's docstring, behind the id."""
        documentation = sys.modules[self.run.__module__].__doc__ or ""
        return documentation.partition("\n")[0].removeprefix(f"{self.id}: ")


@lru_cache(maxsize=1)
def checks() -> dict[str, Check]:
    """All checks by id, in running order."""
    found = [
        importlib.import_module(f"{__name__}.{module.name}").CHECK
        for module in pkgutil.iter_modules(__path__)
    ]
    return {check.id: check for check in sorted(found, key=lambda check: check.order)}


def failed(earlier: dict[str, Outcome], check: str) -> bool:
    """Whether a check that ran before failed."""
    return check in earlier and earlier[check].status in ("failed", "follows")
