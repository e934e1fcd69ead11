"""`call` on a torch module, where torch runs `forward`.

## Why

LOUD. The forward pass of a Keras model is `call`, that of a torch module is `forward`. Measured on
torch 2.13: the class is made without a word, and the first use raises NotImplementedError ("Module
[Net] is missing the required "forward" function").

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(8, 4)

    def call(self, x, training=False):  # XFR103
        return torch.relu(self.out(x))
```

## Good

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(8, 4)

    def forward(self, x):
        return torch.relu(self.out(x))
```

## When it stays quiet

- The class, or a base that is seen, has `forward` or `__call__`, or sets `self.forward`.
- `.call(...)` is called by name in the file, or in one beside it that imports the class: then
  it is a method like any other.
- Bases that cannot be seen, and bases of torch with a forward pass of their own.

## Fix

Rename `call` to `forward`; in torch the mode is `self.training`, not an argument.

## Seen at run time

The framework raises at the first use.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.forwards import is_abstract, misnamed
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage
from ...source.walk import File

rule = Rule(
    __name__,
    name="call-on-torch-module",
    message="torch runs forward(), and {cls} has call() only; rename it to forward",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

# Bases without a forward pass of their own.
_PLAIN = frozenset(("torch.nn.Module", "lightning.LightningModule"))


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    if not node.bases or (call := file.methods(node).get("call")) is None:
        return
    family = lineage(file, node)
    if not family.is_torch_module or not family.names <= _PLAIN or is_abstract(call):
        return
    if misnamed(file, node, family, "call", "forward"):
        yield rule.at(call, cls=node.name)
