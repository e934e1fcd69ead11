"""A flatten that takes the batch axis along, before a linear layer.

## Why

LOUD, and SILENT for a batch of one. Keras' `Flatten` keeps the batch axis. `torch.flatten(x)`,
`x.flatten()` and `x.view(-1)` flatten everything into one row. Measured on torch 2.13:
`nn.Linear(48, 10)(torch.flatten(torch.ones(2, 3, 4, 4)))` raises `RuntimeError: mat1 and mat2
shapes cannot be multiplied (1x96 and 48x10)`; tried with one image it works.

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.fc = nn.Linear(48, 10)

    def forward(self, x):
        x = torch.flatten(self.conv(x))  # XFR516
        return self.fc(x)


net = Net()
```

## Good

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.fc = nn.Linear(48, 10)

    def forward(self, x):
        x = torch.flatten(self.conv(x), 1)
        return self.fc(x)


net = Net()
```

## When it stays quiet

- What is flattened does not go into an `nn.Linear` (labels, losses, one score for each sample).
- The first axis was taken off before, or the file adds a batch axis to single samples.

## Fix

`torch.flatten(x, 1)` or `nn.Flatten()`.

## Seen at run time

The first batch raises.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.flatten.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...axes import applied, integer, leading, readers
from ...infer import lineage
from ...rule import Confidence, Finding, Harm, Rule
from ...walk import File

rule = Rule(
    __name__,
    name="flatten-drops-batch",
    message="{value} is flattened with its batch axis; write torch.flatten({value}, 1)",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_BATCHED = ("torch.nn.Conv", "torch.nn.BatchNorm", "torch.nn.MaxPool", "torch.nn.AvgPool")


@rule.call("torch.flatten")
def check_function(file: File, call: ast.Call) -> Iterator[Finding]:
    if len(call.args) == 1 and not call.keywords:
        yield from judge(file, call, call.args[0])


@rule.method("flatten", "view", "reshape")
def check_method(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    match call.func.attr, call.args:
        case "flatten", []:
            pass
        case "view" | "reshape", [whole] if integer(whole) == -1:
            pass
        case _:
            return
    if not call.keywords and file.qualified(call.func) is None:
        yield from judge(file, call, call.func.value)


def judge(file: File, call: ast.Call, value: ast.expr) -> Iterator[Finding]:
    function, cls = file.function(call), file.method_class(call)
    if function is None or cls is None or function.name != "forward":
        return
    if lineage(file, cls).is_torch_module and feeds_linear(file, call) and batched(file, value):
        yield rule.at(call, value=file.dotted(value) or "x")


def feeds_linear(file: File, call: ast.Call) -> bool:
    for held, around in readers(file, call):
        if isinstance(around, ast.Call) and held in around.args[:1]:
            layer = applied(file, around)
            if layer is not None and layer.name == "torch.nn.Linear":
                return True
    return False


def batched(file: File, value: ast.expr) -> bool:
    """Whether the value comes straight out of a layer for batches of images or signals."""
    for origin in leading(file, value):
        layer = applied(origin.file, origin.node) if isinstance(origin.node, ast.Call) else None
        if layer is None or origin.path or not layer.name.startswith(_BATCHED):
            return False
    return True
