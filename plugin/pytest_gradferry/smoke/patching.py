"""Standing in for functions of the frameworks while a step is watched."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from types import CellType
from typing import Any
from unittest import mock

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True


def patch(
    stack: ExitStack,
    owner: Any,
    name: str,
    wrap: Callable[..., Any],
    updated: tuple[str, ...] = (),
) -> None:
    """Let `wrap(original, *args)` be called instead until the stack closes.

    A function that TensorFlow or torch wraps is replaced inside of its wrapper, so that it is seen
    whatever name it was imported by.  `updated` is as `functools.wraps` has it.
    """
    original = getattr(owner, name)
    cell = _wrapped_in(original)
    original = original if cell is None else cell.cell_contents

    @wraps(original, updated=updated)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return wrap(original, *args, **kwargs)

    if cell is None:
        stack.enter_context(mock.patch.object(owner, name, wrapper))
    else:
        stack.callback(setattr, cell, "cell_contents", original)
        cell.cell_contents = wrapper


def _wrapped_in(function: Any) -> CellType | None:
    """The cell in which a framework's wrapper keeps what it calls; None for another's."""
    if not getattr(function, "__module__", "").startswith(("tensorflow.", "torch.nn.utils.")):
        return None
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    cells = dict(zip(names, getattr(function, "__closure__", None) or (), strict=False))
    return next((cells[name] for name in ("fn", "op", "func") if name in cells), None)
