"""A loss that is wrapped into a new leaf before `backward()`.

## Why

SILENT. `torch.tensor(value, requires_grad=True)` makes PyTorch's complaint ("element 0 of tensors
does not require grad") go away, and training with it: the gradient ends in the new tensor and no
weight gets any. Measured on the program below: loss 1.128 before and after 50 steps, `weight.grad`
is None; with the loss itself it falls to 0.506.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

losses = []
for step in range(50):
    optimizer.zero_grad()
    value = nn.functional.mse_loss(model(x), y).item()
    loss = torch.tensor(value, requires_grad=True)
    loss.backward()  # XFR220
    optimizer.step()
    losses.append(loss.item())
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

losses = []
for step in range(50):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
```

## When it stays quiet

- The new leaf is an *input* (adversarial examples, style transfer): a model stands behind it.
- Another term of the loss keeps its graph, or cannot be seen.
- `requires_grad_()` on a loss that has a graph: it changes nothing.

## Fix

Call `backward()` on the loss as the loss function returned it.

## Seen at run time

`training_smoke`: `gradients`, `updates`.

## References

- https://docs.pytorch.org/docs/stable/notes/autograd.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.graph import becomes_leaf, loss_of
from ...loop.things import imports_torch, is_foreign
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="loss-made-a-new-leaf",
    message="{loss} is a new leaf (SILENT: no weight gets gradients); use the loss as computed",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.method("backward", "manual_backward")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    loss = loss_of(call)
    if loss is None or not imports_torch(file) or is_foreign(file):
        return
    if becomes_leaf(file, loss):
        yield rule.at(call, loss=ast.unparse(loss))
