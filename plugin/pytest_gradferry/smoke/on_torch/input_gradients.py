"""Gradients that a torch step takes by tensors that are no weights: of inputs, for a penalty."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from ...frameworks import load
from ..tree import leaves


def by_inputs(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a function called so is `torch.autograd.grad`, by other tensors than parameters."""
    torch = load("torch")
    if function is not torch.autograd.grad:
        return False
    inputs = args[1] if len(args) > 1 else kwargs.get("inputs")
    return not all(isinstance(each, torch.nn.Parameter) for each in leaves(inputs))


def scaled(factor: float) -> AbstractContextManager[Any]:
    """A context in which they come out that much larger."""
    mode = load("torch").overrides.TorchFunctionMode

    def seen(_: Any, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if not by_inputs(function, args, kwargs or {}):
            return result
        return tuple(None if each is None else factor * each for each in result)

    made: AbstractContextManager[Any] = type(
        "InputGradientsScaled", (mode,), {"__torch_function__": seen}
    )()
    return made
