"""`LBFGS.step()` without a closure.

## Why

LOUD. L-BFGS evaluates the loss several times in one step, so `step` needs a function that clears,
computes the loss, goes backward and returns it: `TypeError: LBFGS.step() missing 1 required
positional argument: 'closure'`.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.LBFGS(model.parameters())

optimizer.zero_grad()
loss = nn.functional.mse_loss(model(x), y)
loss.backward()
optimizer.step()  # XFR234
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.LBFGS(model.parameters())


def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    return loss


first = closure().item()
optimizer.step(closure)
```

## When it stays quiet

- The optimizer may be another one, or cannot be seen.

## Fix

Move `zero_grad`, the forward pass and `backward` into a function that returns the loss, and pass
it: `optimizer.step(closure)`.

## Seen at run time

PyTorch raises at the first step.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins
from ...source.walk import File

rule = Rule(
    __name__,
    name="lbfgs-without-closure",
    message="LBFGS's {opt}.step() needs a closure (LOUD: TypeError); {opt}.step(closure)",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.method("step")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    if call.args or call.keywords or "LBFGS" not in file.calls_by_name:
        return
    assert isinstance(call.func, ast.Attribute)
    optimizer = call.func.value
    if all(origin.callee == "torch.optim.LBFGS" for origin in origins(file, optimizer)):
        yield rule.at(call, opt=ast.unparse(optimizer))
