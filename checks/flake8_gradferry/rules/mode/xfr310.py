"""Functional dropout in a torch module without `training=`.

## Why

SILENT. `F.dropout(x, p)` has `training=True` as its default and knows nothing of the module it is
called in, so `eval()` does not turn it off. In Keras a Dropout layer stops by itself outside
training. Measured on torch 2.13: after `net.eval()` half of the outputs are 0 with
`F.dropout(x, 0.5)`, none with `training=self.training`.

## Bad

```python
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(8, 64)

    def forward(self, x):
        return F.dropout(self.hidden(x), 0.5)  # XFR310


net = Net().eval()
y = net(torch.ones(4, 8))
```

## Good

```python
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(8, 64)

    def forward(self, x):
        return F.dropout(self.hidden(x), 0.5, training=self.training)


net = Net().eval()
y = net(torch.ones(4, 8))
```

## When it stays quiet

- `training` is given, by keyword or as the third argument: `training=True` says that dropout is
  meant to stay on (Monte Carlo dropout). So does a class or method that is named for it.
- The rate is 0, or the call stands where `self.training` was looked at before.
- Calls outside a torch module.

## Fix

Add `training=self.training`, or hold an `nn.Dropout` and call that.

## Seen at run time

`training_smoke`: `modes` (two passes in evaluation differ).

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.modes import argument, asks_mode, on_purpose
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage
from ...source.walk import File

rule = Rule(
    __name__,
    name="functional-dropout-always-on",
    message="F.{function} stays on after eval() (SILENT); pass training=self.training",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.call(
    "torch.nn.functional.dropout",
    "torch.nn.functional.dropout1d",
    "torch.nn.functional.dropout2d",
    "torch.nn.functional.dropout3d",
    "torch.nn.functional.alpha_dropout",
    "torch.nn.functional.feature_alpha_dropout",
)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    if any(item.arg in ("training", None) for item in call.keywords) or len(call.args) > 2:
        return
    if any(isinstance(item, ast.Starred) for item in call.args):
        return
    match argument(call, "p", 1):
        case ast.Constant(value=0):
            return
    cls = file.method_class(call)
    if cls is None or file.function(call) is None or not lineage(file, cls).is_torch_module:
        return
    if on_purpose(file, call) or asks_mode(file, call):
        return
    yield rule.at(call, function=(file.dotted(call.func) or "dropout").rpartition(".")[2])
