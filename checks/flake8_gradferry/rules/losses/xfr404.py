"""Probabilities or logits handed to `nll_loss`, which takes log-probabilities.

## Why

SILENT. `nn.NLLLoss` picks the value of the right class and negates it; the logarithm is the
caller's (`log_softmax`). On probabilities the loss lies between -1 and 0 and its gradient vanishes
where the model is most wrong; on raw logits it has no lower bound, and training runs away.
Measured with 4 classes, 100 steps: on probabilities the first loss is -0.24 where 1.49 is right;
on logits it falls to minus infinity.

## Bad

```python
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 8)
y = x[:, :4].argmax(1)

model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(100):
    optimizer.zero_grad()
    loss = F.nll_loss(F.softmax(model(x), dim=1), y)  # XFR404
    loss.backward()
    optimizer.step()
```

```python
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 8)
y = x[:, :4].argmax(1)

model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(100):
    optimizer.zero_grad()
    loss = F.nll_loss(model(x), y)  # XFR404
    loss.backward()
    optimizer.step()
```

## Good

```python
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 8)
y = x[:, :4].argmax(1)

model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(100):
    optimizer.zero_grad()
    loss = F.nll_loss(F.log_softmax(model(x), dim=1), y)
    loss.backward()
    optimizer.step()
```

## When it stays quiet

- `log_softmax` and the logarithm of a softmax.
- Some way to the output, or some way to the loss, cannot be seen; any other activation.

## Fix

End in `log_softmax`, or pass logits to `cross_entropy`, which is both in one.

## Seen at run time

`training_smoke`: `loss-input` (the exponentials of the rows do not sum to 1). `parity`: `loss`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.losses import loss_calls
from ...loss.outputs import PROBABILITIES, Kind, agreed, place
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="nll-without-log-softmax",
    message="{loss} gets {made} of {where} (SILENT: no learning); apply log_softmax",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for found in loss_calls(file):
        if found.loss.word != "nll_loss":
            continue
        if agreed(found.outputs, *PROBABILITIES, Kind.LINEAR):
            first = found.outputs[0]
            made = "logits" if first.kind is Kind.LINEAR else first.kind.value
            where = place(file, first)
            yield rule.at(found.call, loss=found.loss.shown, made=made, where=where)
