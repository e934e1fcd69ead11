"""Arithmetic in a torch step that crosses a column of all samples with a row of them."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from ..record import Broadcast
from .followed import Followed
from .mixing import user_line

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

_PLAIN = ("add", "sub", "mul", "div", "true_divide", "multiply")
_DUNDER = ("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__")
_ARITHMETIC = (*_PLAIN, *_DUNDER, "__rtruediv__")


class Crossings:
    """Looks at all calls of torch functions in one step.

    Losses of shape (N, 1) times weights of shape (N,) are (N, N).  Noted is what was computed of
    the weights with a gradient on the one side, and of the batch alone on the other: distances of
    all pairs have the same kind on both, and go on to meet others of their shape.
    """

    def __init__(self, batch: list[Any]) -> None:
        self._of_batch = Followed(batch)
        self._set_apart = Followed()  # given an axis of their own, to be broadcast
        self._met: list[tuple[weakref.ref[Any], Broadcast]] = []

    @property
    def found(self) -> list[Broadcast]:
        return [broadcast for _, broadcast in self._met]

    def called(self, function: Any, args: Any, given: list[Any], made: list[Any]) -> None:
        if self._met:
            self._met = [each for each in self._met if not _meets_its_like(each[0](), given)]
        if any(tensor in self._of_batch for tensor in given):
            for tensor in made:
                if not tensor.requires_grad:
                    self._of_batch.add(tensor)
        name = getattr(function, "__name__", "")
        if name == "unsqueeze" or (name == "__getitem__" and _adds_an_axis(args[1])):
            self._set_apart.add(made[0])
        if name in _ARITHMETIC and len(given) == 2 and len(made) == 1:
            self._arithmetic(name.strip("_"), given, made[0])

    def backward(self, loss: Any) -> None:
        """What is computed from here on is no loss."""

    def _arithmetic(self, name: str, given: list[Any], result: Any) -> None:
        row, column = sorted(given, key=lambda tensor: int(tensor.ndim))
        trained, other = (row, column) if row.requires_grad else (column, row)
        if other.requires_grad or not trained.requires_grad or other not in self._of_batch:
            return
        if column in self._set_apart and (column is trained or column.ndim > 2):
            return
        a, b = tuple(column.shape), tuple(row.shape)
        if b and b[0] > 1 and a == (b[0], 1, *b[1:]):
            together = np.broadcast_shapes(a, b)
            place = f"{name} ({user_line()})"
            shapes = tuple(given[0].shape), tuple(given[1].shape)
            self._met.append((weakref.ref(result), Broadcast(place, *shapes, together)))


def _meets_its_like(tensor: Any, given: list[Any]) -> bool:
    if tensor is None or not any(each is tensor for each in given):
        return False
    return any(each is not tensor and each.ndim == tensor.ndim for each in given)


def _adds_an_axis(index: Any) -> bool:
    return any(each is None for each in (index if isinstance(index, tuple) else (index,)))
