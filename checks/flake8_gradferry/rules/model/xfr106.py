"""Modules kept in a plain list on a torch module.

## Why

SILENT. A torch module finds its parts among its own attributes and in `ModuleList`, not in a
plain Python list; a Keras model tracks lists. What stands in the list runs in `forward`, but
`parameters()`, `state_dict()`, `to()`, `train()` and `eval()` do not reach it. Measured on torch
2.13 with three hidden layers in a list: 68 parameters instead of 884, the hidden weights never
move, and a saved and loaded model gives other outputs.

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = [nn.Linear(16, 16) for _ in range(3)]  # XFR106
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)


net = Net()
```

## Good

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(16, 16) for _ in range(3))
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)


net = Net()
```

## When it stays quiet

- The list, or what stands in it, is registered too: `ModuleList(self.hidden)`,
  `Sequential(*self.hidden)`, `add_module`, `setattr`, an attribute of its own.
- Modules without parameters that act alike in training and evaluation (`nn.ReLU()`).
- Modules that come from outside: `self.teacher = [teacher]` hides a frozen teacher on purpose.
- Keras models, which do track lists, and plain classes.

## Fix

Wrap the list in `nn.ModuleList(...)`. It takes `append`, indexing, `len` and iteration as a list
does.

## Seen at run time

`training_smoke`: `updates` (weights that run but are not among the parameters) and `save-load`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.containers import lost, makes_list
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="modules-in-plain-list",
    message="modules in the list self.{name} are not registered (SILENT); use nn.ModuleList",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    for found in lost(file, node) if node.bases else ():
        if makes_list(found.made) and found.modules:
            yield rule.at(found.made, name=found.name)
