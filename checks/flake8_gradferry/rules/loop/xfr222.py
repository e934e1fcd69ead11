"""`backward()` on a loss that was computed without a graph.

## Why

LOUD. Under `torch.no_grad()`, behind `.detach()` or out of `argmax` a loss is a plain number, and
`backward()` raises `RuntimeError: element 0 of tensors does not require grad and does not have a
grad_fn`. (A `GradientTape` gives None for each weight there.)

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

optimizer.zero_grad()
with torch.no_grad():
    loss = nn.functional.mse_loss(model(x), y)
loss.backward()  # XFR222
optimizer.step()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

optimizer.zero_grad()
loss = nn.functional.mse_loss(model(x), y)
loss.backward()
optimizer.step()
```

## When it stays quiet

- One way from a model to the loss keeps its graph, or cannot be seen.
- `torch.enable_grad()` stands inside, or the context is decided at run time.
- Only `backward()` itself stands under `no_grad`: that works.

## Fix

Compute the loss outside `no_grad`, and without `.detach()`, `.item()`, `argmax`.

## Seen at run time

PyTorch raises at the first step.

## References

- https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.graph import becomes_leaf, cuts, is_copy, loss_of
from ...loop.things import imports_torch, is_foreign
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="training-under-no-grad",
    message="{loss} has no graph, {cut} cut it (LOUD: RuntimeError); compute it with gradients",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.method("backward", "manual_backward")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    loss = loss_of(call)
    if loss is None or not imports_torch(file) or is_foreign(file):
        return
    where = cuts(file, loss)
    if where and not becomes_leaf(file, loss) and not any(is_copy(file, cut) for cut in where):
        yield rule.at(call, loss=ast.unparse(loss), cut=written(where[0]))


def written(cut: ast.AST) -> str:
    """What cut the graph, in a word."""
    match cut:
        case ast.With() | ast.AsyncWith():
            return "no_grad()"
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name):
            return name
    return "a comparison"
