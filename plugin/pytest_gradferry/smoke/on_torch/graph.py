"""The autograd graphs of a step: where a gradient ends on its way from the loss to a weight."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...frameworks import load
from .function_mode import functions_through

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

_FAR = 20_000  # nodes of a graph that are walked


class DeadEnds:
    """Which nodes were given a gradient in the backward passes of a step and passed on none.

    `by_weight` has their names by the id of each weight that lies behind them: "SignBackward0", or
    the class of an autograd.Function with "Backward" behind it.
    """

    def __init__(self, weights: list[Any]) -> None:
        self.by_weight: dict[int, set[str]] = {}
        self._wanted = {id(weight) for weight in weights}

    @contextmanager
    def watched(self) -> Iterator[None]:
        torch = load("torch")
        starts = (torch.Tensor.backward, torch.autograd.backward)

        def seen(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
            if function not in starts or not isinstance(args[0], torch.Tensor):
                return function(*args, **kwargs)
            nodes = walk(args[0].grad_fn)
            ended: set[Any] = set()
            handles = [node.register_hook(_noting(node, ended)) for node in nodes]
            try:
                return function(*args, **kwargs)
            finally:
                for handle in handles:
                    handle.remove()
                self._note(ended)

        with functions_through(seen):
            yield

    def _note(self, ended: set[Any]) -> None:
        for node in ended:
            for behind in walk(node):
                weight = id(getattr(behind, "variable", None))
                if weight in self._wanted:
                    self.by_weight.setdefault(weight, set()).add(node.name())


def _noting(node: Any, ended: set[Any]) -> Any:
    def hook(passed_on: Any, given: Any) -> None:
        wanted = [
            gradient
            for gradient, (following, _) in zip(passed_on, node.next_functions, strict=False)
            if following is not None
        ]
        arrived = any(g is not None and bool(g.any()) for g in given)
        if wanted and arrived and not any(g is not None and bool(g.any()) for g in wanted):
            ended.add(node)

    return hook


def walk(*starts: Any) -> list[Any]:
    """The nodes that can be reached from these, at most `_FAR`; a start may be None."""
    found = {start for start in starts if start is not None}
    front = list(found)
    while front and len(found) < _FAR:
        new = {node for node, _ in front.pop().next_functions if node is not None} - found
        found |= new
        front += new
    return list(found)


def operation(name: str) -> str:
    """A node's name as users know the operation: "sign" of SignBackward0."""
    plain = re.sub(r"Backward\d*$", "", name)
    return plain if name.endswith("Backward") else re.sub(r"(?<!^)(?=[A-Z])", "_", plain).lower()
