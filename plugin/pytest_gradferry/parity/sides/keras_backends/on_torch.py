"""Keras on torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from ....frameworks import load
from ... import tree
from ...layout import Array
from .backend import Backend, Computation, Derivative, double_precision


class TorchBackend(Backend):
    name = "torch"

    @contextmanager
    def opened(self) -> Iterator[None]:
        # The user may have switched gradients off around the call.
        with torch.enable_grad(), double_precision():
            yield

    def is_tensor(self, thing: Any) -> bool:
        return isinstance(thing, torch.Tensor)

    def is_float(self, tensor: Any) -> bool:
        return bool(tensor.dtype.is_floating_point)

    def tensor(self, array: Array, dtype: str | None) -> Any:
        made = load("keras").ops.convert_to_tensor(array, dtype=dtype)  # on the device Keras uses
        return made.detach().clone()

    def array(self, tensor: Any) -> Array:
        return np.array(load("keras").ops.convert_to_numpy(tensor))

    def own(self, variable: Any, value: Array) -> None:
        old = variable._value
        variable._value = torch.nn.Parameter(
            torch.tensor(value, device=old.device), requires_grad=old.requires_grad
        )

    def differentiate(
        self, compute: Computation, weights: list[Any], state: list[Any], inputs: Any
    ) -> Derivative:
        inputs = tree.transform(torch.Tensor.detach, inputs)
        watched = [t for t in tree.leaves(inputs) if self.is_float(t)]
        for tensor in watched:
            tensor.requires_grad_()
        value, outputs = compute(inputs)
        sources = [*(v.value for v in weights), *watched]
        found = torch.autograd.grad(value, sources, allow_unused=True)
        grads = list(found)
        return Derivative(value.detach(), outputs, grads[: len(weights)], grads[len(weights) :])
