"""`forward` called by name on a torch module that works through its hooks.

## Why

SILENT. Hooks run in `module(x)`, not in `module.forward(x)`. `weight_norm` and `spectral_norm` of
`torch.nn.utils` are such hooks: by `forward` the weight is the one computed when the norm was
applied. Measured on torch 2.13: a registered forward hook runs 0 times instead of once, and the
vectors of `spectral_norm` never change; with `weight_norm` the second `backward()` raises, for the
weight is never computed again.

## Bad

```python
import torch
from torch import nn
from torch.nn.utils import spectral_norm


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = spectral_norm(nn.Linear(8, 4))

    def forward(self, x):
        return self.score.forward(x)  # XFR110


features = []
critic = Critic()
critic.register_forward_hook(lambda module, inputs, output: features.append(output))
y = critic.forward(torch.ones(4, 8))  # XFR110
```

## Good

```python
import torch
from torch import nn
from torch.nn.utils import spectral_norm


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = spectral_norm(nn.Linear(8, 4))

    def forward(self, x):
        return self.score(x)


features = []
critic = Critic()
critic.register_forward_hook(lambda module, inputs, output: features.append(output))
y = critic(torch.ones(4, 8))
```

## When it stays quiet

- `super().forward(x)`, `Base.forward(self, x)`, `self.forward(x)`.
- Modules on which no hook is seen; XFR921 asks for those.

## Fix

Call the module itself: `critic(x)`.

## Seen at run time

`training_smoke`: none for plain modules; lazy modules and `weight_norm` raise.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.direct import hook_of, object_of
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="direct-forward-call",
    message="{name}.forward() skips {hook} (SILENT); call {name}(...)",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="either",
)


@rule.method("forward")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    called = object_of(file, call)
    hook = hook_of(file, called) if called is not None else ""
    if called is not None and hook:
        yield rule.at(call, name=ast.unparse(called), hook=hook)
