"""Gradients that a torch step takes by tensors that are no weights: of inputs, for a penalty."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from ...frameworks import load
from ..tree import leaves
from .function_mode import functions_through


def by_inputs(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a function called so is `torch.autograd.grad`, by other tensors than parameters."""
    torch = load("torch")
    if function is not torch.autograd.grad:
        return False
    inputs = args[1] if len(args) > 1 else kwargs.get("inputs")
    return not all(isinstance(each, torch.nn.Parameter) for each in leaves(inputs))


def scaled(factor: float) -> AbstractContextManager[Any]:
    """A context in which they come out that much larger."""

    def seen(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = function(*args, **kwargs)
        if not by_inputs(function, args, kwargs):
            return result
        return tuple(None if each is None else factor * each for each in result)

    return functions_through(seen)
