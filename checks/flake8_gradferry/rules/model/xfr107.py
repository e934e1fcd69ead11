"""Modules in a plain dict, or parameters in a plain list or dict, on a torch module.

## Why

SILENT. A torch module finds its parts among its own attributes, in `ModuleList`, `ModuleDict`,
`ParameterList` and `ParameterDict`, not in plain Python containers; a Keras model tracks dicts and
lists. What stands in them runs in `forward`, but `parameters()`, `state_dict()`, `to()`, `train()`
and `eval()` do not reach it. Measured on torch 2.13 with two heads in a dict and their scales in a
list: 2 parameters instead of 8, heads and scales never move, and a saved and loaded model gives
other outputs.

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(16, 8)
        self.heads = {"a": nn.Linear(8, 2), "b": nn.Linear(8, 3)}  # XFR107
        self.scales = [nn.Parameter(torch.ones(1)) for _ in range(2)]  # XFR107

    def forward(self, x):
        x = torch.relu(self.body(x))
        return self.heads["a"](x) * self.scales[0], self.heads["b"](x) * self.scales[1]


net = Net()
```

## Good

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(16, 8)
        self.heads = nn.ModuleDict({"a": nn.Linear(8, 2), "b": nn.Linear(8, 3)})
        self.scales = nn.ParameterList([nn.Parameter(torch.ones(1)) for _ in range(2)])

    def forward(self, x):
        x = torch.relu(self.body(x))
        return self.heads["a"](x) * self.scales[0], self.heads["b"](x) * self.scales[1]


net = Net()
```

## When it stays quiet

- The container, or what stands in it, is registered too: `ModuleDict(self.heads)`, `add_module`,
  `register_parameter`, `setattr`, an attribute of its own.
- Modules without parameters that act alike in training and evaluation: tables of activations,
  losses or metrics.
- Classes that override `parameters` or `state_dict`, Keras models, plain classes.

## Fix

Wrap the container: `nn.ModuleDict({...})` takes indexing, `items` and `in` as a dict does (its keys
are strings without dots), `nn.ParameterList` and `nn.ParameterDict` hold parameters.

## Seen at run time

`training_smoke`: `updates` (weights that run but are not among the parameters) and `save-load`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
- https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterList.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.containers import lost, makes_dict
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="modules-in-plain-dict",
    message="{kind} in the {shape} self.{name} are not registered (SILENT); use nn.{fix}",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    for name, made, modules in lost(file, node) if node.bases else ():
        is_dict = makes_dict(made)
        if not modules:
            shape, fix = ("dict", "ParameterDict") if is_dict else ("list", "ParameterList")
            yield rule.at(made, kind="parameters", shape=shape, name=name, fix=fix)
        elif is_dict:
            yield rule.at(made, kind="modules", shape="dict", name=name, fix="ModuleDict")
