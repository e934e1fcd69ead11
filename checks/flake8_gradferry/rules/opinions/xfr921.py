"""`forward` called by name on a torch module.

## Why

SILENT. Hooks run in `module(x)`, not in `module.forward(x)`. Where nobody has registered one, both
give the same; profilers, pruning, quantization, weight and spectral norm, lazy modules, FSDP and
interpretability tools register hooks later, and then this call passes them by. Measured on torch
2.13: a forward hook runs 0 times instead of once. XFR110 finds the calls on modules that have
hooks in the same file.

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(8, 4)

    def forward(self, x):
        return self.out.forward(x)  # XFR921


net = Net()
y = net.forward(torch.ones(2, 8))  # XFR921
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
        return self.out(x)


net = Net()
y = net(torch.ones(2, 8))
```

## When it stays quiet

- `super().forward(x)`, `Base.forward(self, x)`, `self.forward(x)`.
- Objects that are not seen to be torch modules, and modules whose hooks are seen (XFR110).

## Fix

Call the module itself: `net(x)`.

## Seen at run time

`training_smoke`: none; the outputs are the same where there are no hooks.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.direct import hook_of, object_of
from ...objects.module_kinds import TORCH, module_kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="forward-by-name",
    message="{name}.forward() skips any hooks (SILENT); call {name}(...)",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="either",
)


@rule.method("forward")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    called = object_of(file, call)
    if called is None or module_kind(file, called) != TORCH:
        return
    if not hook_of(file, called):
        yield rule.at(call, name=ast.unparse(called))
