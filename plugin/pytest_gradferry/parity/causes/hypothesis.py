"""A likely cause that can be tried out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Hypothesis:
    """`change` completes "with ... the difference drops"; `apply` makes it inside a `with`.

    The same `kind`, if any, at another `place` is the same mistake made again.
    """

    cause: str
    change: str
    fix: str
    apply: Callable[[], AbstractContextManager[Any]]
    rule: str | None = None
    kind: str = ""
    place: str = ""
