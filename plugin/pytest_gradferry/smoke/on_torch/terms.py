"""Terms of the loss in a torch step that are computed from the weights, and are constants to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...frameworks import load
from .followed import Followed
from .graph import walk
from .mixing import user_line

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

_ADDED = ("add", "__add__", "__radd__", "__iadd__", "add_")
_SUMS = (*_ADDED, "sub", "__sub__", "__rsub__", "__isub__", "sub_")

# What a sum goes through unchanged, but for a factor: a term in it has no effect behind any other.
_LINEAR = ("Add", "Sub", "Rsub", "Mul", "Div", "Neg", "Mean", "Sum", "View", "Squeeze", "Clone")


class LostTerms:
    """Looks at all calls of torch functions in one step.

    Numbers that come of weights and carry no gradient are followed until one is added, as a single
    number, to one that does carry a gradient.  `note` is told the place of that sum if a backward
    pass begins at it, or at a sum with it.
    """

    def __init__(self, weights: list[Any], note: Callable[[str], None]) -> None:
        self._tensor = load("torch").Tensor
        self._weights = {id(weight) for weight in weights}
        self._note = note
        self._of_weights = Followed()  # tensors without a gradient
        self._sources: dict[int, Any] = {}  # the node of what such a tensor was detached from
        self._sums: dict[Any, tuple[str, Any]] = {}  # by node: where it stands, and that source

    def called(self, function: Any, args: Any, given: list[Any], made: list[Any]) -> None:
        if not any(self._comes_of_weights(tensor) for tensor in given):
            return
        for tensor in made:
            if not tensor.requires_grad:
                self._of_weights.add(tensor)
                self._sources[id(tensor)] = given[0].grad_fn if _detaches(function) else None
            elif tensor.numel() == 1 and getattr(function, "__name__", "") in _SUMS:
                constant = next((t for t in given if t in self._of_weights), None)
                if constant is not None and constant.numel() == 1:
                    self._sums[tensor.grad_fn] = user_line(), self._sources.get(id(constant))

    def backward(self, loss: Any) -> None:
        """A backward pass begins here."""
        if not self._sums or not isinstance(loss, self._tensor) or loss.grad_fn is None:
            return
        seen, front = {loss.grad_fn}, [loss.grad_fn]
        while front:
            node = front.pop()
            following = [each for each, _ in node.next_functions if each is not None]
            if not node.name().startswith(_LINEAR) or (
                len(following) > 1 and node.name().startswith(("Mul", "Div"))
            ):
                continue
            front += set(following) - seen
            seen.update(following)
        found = [self._sums[node] for node in seen & set(self._sums)]
        nodes = set(walk(loss.grad_fn)) if found else set()
        if any(source in nodes for _, source in found):
            return  # x.detach() + (y - y.detach()): the value of the one, the gradient of the other
        for place, _ in found:
            self._note(place)

    def _comes_of_weights(self, tensor: Any) -> bool:
        if not tensor.requires_grad:
            return tensor in self._of_weights
        return tensor.grad_fn is not None or id(tensor) in self._weights


def _detaches(function: Any) -> bool:
    tensor = load("torch").Tensor
    return function in (tensor.detach, tensor.data.__get__)
