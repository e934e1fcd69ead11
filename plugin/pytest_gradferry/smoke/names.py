"""Which names the user's functions use: what they never name, they never call."""

from __future__ import annotations

import inspect
from typing import Any


def names_used(kinds: set[type[Any]]) -> set[str]:
    """The names in all functions of classes and their bases, and in the functions those name."""
    members = [m for kind in kinds for base in kind.__mro__ for m in vars(base).values()]
    members = [getattr(m, "fget", None) or getattr(m, "__func__", m) for m in members]
    found: set[str] = set()
    seen: set[int] = set()
    while members:
        function = members.pop()
        function = inspect.unwrap(function) if callable(function) else function
        if not inspect.isfunction(function) or id(function) in seen or _of_library(function):
            continue
        seen.add(id(function))
        names = _names_in(function.__code__)
        members += [function.__globals__[n] for n in names if n in function.__globals__]
        found |= names
    return found


def _of_library(function: Any) -> bool:
    package = str(function.__module__).partition(".")[0]
    return package in ("lightning", "pytorch_lightning", "torch", "torchmetrics")


def _names_in(code: Any) -> set[str]:
    inner = (_names_in(each) for each in code.co_consts if inspect.iscode(each))
    return set(code.co_names).union(*inner)
