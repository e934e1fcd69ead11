"""A constant tensor of a torch module that is no buffer.

## Why

SILENT. `net.to(device)`, `net.double()` and `state_dict()` reach parameters and buffers; a tensor
kept as a plain attribute stays where and what it was. Measured on torch 2.13: after `net.double()`
the constant is float32, after `net.to("meta")` it is on the CPU and `forward` raises RuntimeError,
and it is not in `state_dict()`.

## Bad

```python
import torch
from torch import nn


class Normalize(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean = torch.tensor([0.5, 0.4, 0.3])  # XFR905

    def forward(self, x):
        return x - self.mean


net = Normalize()
```

## Good

```python
import torch
from torch import nn


class Normalize(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.5, 0.4, 0.3]))

    def forward(self, x):
        return x - self.mean


net = Normalize()
```

## When it stays quiet

- The tensor is moved when it is made or used (`.to(x.device)`, `.type_as(x)`), is a single number,
  or is never read by another method.
- It is registered or handed on later, or assigned in several places.

## Fix

`self.register_buffer("mean", ...)`; with `persistent=False` the saved files stay as they are.

## Seen at run time

`training_smoke`: none on the CPU; on another device the framework raises.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.kept import assigned_once, kept_as, looked_after, reads
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage
from ...source.walk import File

rule = Rule(
    __name__,
    name="constant-not-buffer",
    message="self.{name} is a constant that to() does not move (SILENT); use register_buffer",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="keras->torch",
)

_MOVES = frozenset("to cuda cpu type_as type device dtype item numpy tolist shape size".split())


@rule.call(
    *(
        f"torch.{name}"
        for name in (
            "tensor arange linspace logspace zeros ones eye full triu tril rand randn FloatTensor "
            "hann_window hamming_window kaiser_window from_numpy as_tensor"
        ).split()
    )
)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    cls, function = file.method_class(call), file.function(call)
    if cls is None or function is None or function.name != "__init__" or is_placed(file, call):
        return
    kept = kept_as(file, call)
    if kept is None or kept.inside or any(map(moves, kept.changes)):
        return
    if not lineage(file, cls).is_torch_module or not assigned_once(file, cls, kept.name):
        return
    uses = reads(file, cls, kept.name)
    if not uses or any(is_moved(file, use) for use in uses):
        return
    if not looked_after(file, cls, kept.name):
        yield rule.at(call, name=kept.name)


def is_placed(file: File, call: ast.Call) -> bool:
    """Whether the tensor is one number, is on a device of its own or takes a gradient."""
    if any(keyword.arg in ("device", "requires_grad") for keyword in call.keywords):
        return True
    by_value = (file.qualified(call.func) or "").endswith("tensor")
    return by_value and bool(call.args) and isinstance(call.args[0], ast.Constant)


def moves(change: ast.expr) -> bool:
    match change:
        case ast.Call(func=ast.Attribute(attr=attr)):
            return attr in _MOVES or attr.endswith("Parameter") or attr == "requires_grad_"
        case ast.Call():
            return True
    return False


def is_moved(file: File, use: ast.Attribute) -> bool:
    """Whether a reader asks where the tensor is, or moves it: `self.mean.to(x.device)`."""
    above = file.parent(use)
    while isinstance(above, ast.Subscript):
        above = file.parent(above)
    match above:
        case ast.Attribute(attr=attr):
            return attr in _MOVES
        case ast.Call(func=ast.Attribute(attr="to" | "type_as")):
            return True
    return False
