"""Standing between a step and the torch functions that it calls."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from ...frameworks import load

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

Handle = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]


def functions_through(handle: Handle) -> AbstractContextManager[Any]:
    """A context in which `handle(function, args, kwargs)` is what each call of a torch function
    gives, methods and operators included; it has to call the function."""

    def through(
        mode: Any, function: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return handle(function, args, kwargs or {})

    kind = load("torch").overrides.TorchFunctionMode
    made: AbstractContextManager[Any] = type(
        "FunctionsThrough", (kind,), {"__torch_function__": through}
    )()
    return made
