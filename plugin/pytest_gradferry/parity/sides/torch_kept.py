"""Tensors that a torch module keeps as plain attributes, from call to call: a hidden state."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

# A module's attributes that are tensors, tuples of them, or None, which may become either.
Kept = dict[str, Any]


def kept(module: nn.Module) -> Kept:
    return {name: value for name, value in vars(module).items() if _may_be_kept(value)}


def put_back(module: nn.Module, before: Kept) -> list[str]:
    """The names of those that had changed."""
    now = kept(module)
    changed = [name for name, value in now.items() if before.get(name, _NONE) is not value]
    for name in changed:
        if name in before:
            vars(module)[name] = before[name]
        else:
            del vars(module)[name]
    return changed


def converted(value: Any, dtype: torch.dtype) -> Any:
    """What is kept, in another precision; parameters and integers as they are."""
    if isinstance(value, (tuple, list)):
        parts = [converted(part, dtype) for part in value]
        same = all(new is old for new, old in zip(parts, value, strict=True))
        return value if same else type(value)(parts)
    if not isinstance(value, torch.Tensor) or isinstance(value, nn.Parameter):
        return value
    return value.to(dtype) if value.is_floating_point() else value


_NONE = object()


def _may_be_kept(value: Any) -> bool:
    if isinstance(value, (tuple, list)) and type(value) in (tuple, list):
        return bool(value) and all(isinstance(part, torch.Tensor) for part in value)
    return value is None or isinstance(value, torch.Tensor)
