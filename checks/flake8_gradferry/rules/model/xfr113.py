"""An attribute of a torch module that hides one of torch's methods.

## Why

LOUD. `train`, `eval`, `parameters`, `children`, `apply` and others are methods of a torch module;
on a Keras model some are free. Measured on torch 2.13: after `self.train = True`, `net.train()`
raises TypeError ("'bool' object is not callable"), as does `train()` of any module around it. A
layer of such a name (`self.modules = nn.ModuleList(...)`) is registered, but `self.modules` is
still the method.

## Bad

```python
from torch import nn


class Net(nn.Module):
    def __init__(self, train=True):
        super().__init__()
        self.train = train  # XFR113
        self.modules = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 4)])  # XFR113

    def forward(self, x):
        for module in self.modules:
            x = module(x)
        return x
```

## Good

```python
from torch import nn


class Net(nn.Module):
    def __init__(self, is_training=True):
        super().__init__()
        self.is_training = is_training
        self.blocks = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 4)])

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x
```

## When it stays quiet

- The class, or a base in the project, defines the name itself.
- The attribute is set to something that may be called (`self.forward = self.step`), or is set
  again.
- Names that are free on a torch module: `name`, `layers`, `weight`, `metrics`, `training`; and
  `self.type = "conv"`, for torch itself never calls `type()`.

## Fix

Another name: `self.is_training`, `self.blocks`.

## Seen at run time

The framework raises when the method is called.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.kept import assigned_once
from ...model.models import layers
from ...model.reserved import TORCH_METHODS, TORCH_OTHER_METHODS, is_no_function, taken
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage
from ...source.walk import File

rule = Rule(
    __name__,
    name="torch-attribute-clash",
    message="self.{name} of {cls} clashes with torch's {name}(); choose another name",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    if not node.bases or not lineage(file, node).is_torch_module:
        return
    for name, value, whole in taken(file, node, TORCH_METHODS | TORCH_OTHER_METHODS):
        hides = name in TORCH_METHODS and is_no_function(file, value)
        if whole and assigned_once(file, node, name) and (hides or is_module(file, value)):
            yield rule.at(file.statement(value), name=name, cls=node.name)


def is_module(file: File, value: ast.expr) -> bool:
    """Whether a value is surely a module that is made here."""
    found = layers(file, value)
    return found.complete and any(layer.node is value for layer in found.layers)
