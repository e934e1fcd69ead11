"""Gradients clipped by hand: `p.grad.clamp_(-1, 1)`, and `p.grad.clamp(-1, 1)`, which clips none
unless its result is used."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np

from ...frameworks import Array, get, load
from ..acts import Clip, sampled
from ..record import StepRecord
from .function_mode import functions_through


class Clamps:
    """Those of one step; `tensors` are the weights by name."""

    def __init__(self, tensors: dict[str, Any], record: StepRecord) -> None:
        tensor = load("torch").Tensor
        self._in_place = {tensor.clamp_, tensor.clip_}
        self._apart = {tensor.clamp, tensor.clip}
        self._tensors, self._record = tensors, record
        self._waiting: dict[str, tuple[str, Array]] = {}  # by weight: the function, what it left
        self.updating = False  # an optimizer may clip by itself

    def watch(self, stack: ExitStack) -> None:
        stack.enter_context(functions_through(self._call))

    def used(self, name: str) -> None:
        """An update is about to use the gradient of a weight."""
        function, left = self._waiting.pop(name, ("", None))
        gradient = self._tensors[name].grad
        if left is not None and gradient is not None and np.array_equal(_values(gradient), left):
            self._record.unused_clips.append(function)

    def _call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.updating or function not in self._in_place | self._apart:
            return function(*args, **kwargs)
        name, bounds = self._weight_of(args[0]), _bounds(*args[1:], **kwargs)
        if not name or bounds is None:
            return function(*args, **kwargs)
        before = _values(args[0])
        result = function(*args, **kwargs)
        low, high = bounds
        if function in self._in_place:
            clip = Clip(
                f"Tensor.{function.__name__}",
                limit=max(-low, high),
                norm=float(np.abs(before).max(initial=0)),
                gradients={name: sampled(before.reshape(-1))},
                names={name},
                given=1,
                held=1,
                low=low,
                high=high,
            )
            self._record.acts.append(clip)
        elif low == -high and not np.array_equal(_values(result), before):
            self._waiting[name] = f"Tensor.{function.__name__}", before
        return result

    def _weight_of(self, tensor: Any) -> str:
        """The weight whose gradient this is; `p.grad.data` is another object of the same memory."""
        if tensor.requires_grad or not tensor.numel() or tensor.is_sparse:
            return ""
        gradients = {name: weight.grad for name, weight in self._tensors.items()}
        alike = {
            name: gradient.data_ptr()
            for name, gradient in gradients.items()
            if gradient is not None and not gradient.is_sparse and gradient.shape == tensor.shape
        }
        return next((name for name, at in alike.items() if at == tensor.data_ptr()), "")


def _bounds(min: Any = None, max: Any = None) -> tuple[float, float] | None:
    numbers = isinstance(min, (int, float)) and isinstance(max, (int, float))
    return (float(min), float(max)) if numbers else None


def _values(tensor: Any) -> Array:
    return get("torch").to_numpy(tensor.detach())
