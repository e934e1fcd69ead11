"""A training loop that never clears the gradients.

## Why

SILENT. In TensorFlow `tape.gradient` returns new gradients; in PyTorch `backward()` *adds* to the
`.grad` that is already there. A loop without `zero_grad()` steps along the sum of all gradients
since the start: it oscillates and looks like a learning rate that is too high. Measured on the
program below: `Adam(0.05)` takes the loss from 6.58 up to 8.56 and after 100 steps to 3.48, with
`zero_grad()` to 0.0002; `SGD(0.1)` ends at 4.40 instead of 2e-12.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = x @ torch.tensor([[1.0], [2.0], [-1.0], [0.5]])
model = nn.Linear(4, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)

losses = []
for step in range(100):
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()  # XFR202
    optimizer.step()
    losses.append(loss.item())
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = x @ torch.tensor([[1.0], [2.0], [-1.0], [0.5]])
model = nn.Linear(4, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)

losses = []
for step in range(100):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
```

## When it stays quiet

- Anything in the loop clears, whatever the spelling: `zero_grad()` of the optimizer or the model,
  `p.grad = None`, `p.grad.zero_()`, a helper that does so or has the name (`reset_grad()`), under
  an `if` too (gradient accumulation), in a closure, or in an outer loop. Clearing in the other arm
  of an `if` that has a step of its own does not count.
- The optimizer is made anew in each turn, or the loop turns once.
- The model or the optimizer is handed to a call that cannot be followed.
- `accelerator.backward(loss)` and the like, Lightning, DeepSpeed, MXNet, Paddle, own frameworks.
- `backward` and `step` in a function that no loop in sight calls.

## Fix

Call `optimizer.zero_grad()` before `backward()` in each turn.

## Seen at run time

`training_smoke`: `fresh-gradients`; `parity`: `curve`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html
- https://docs.pytorch.org/tutorials/recipes/recipes/zeroing_out_gradients.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.clearing import clears, gradients_of
from ...loop.flow import Kind, flows
from ...loop.things import is_torch_optimizer
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="missing-zero-grad",
    message="loop never clears gradients of {opt} (SILENT: they add up); call zero_grad()",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for flow in flows(file):
        told: set[ast.AST] = set()
        for step in flow.of(Kind.STEP):
            backward = gradients_of(flow, step)
            if backward is None or backward.at in told or not is_torch_optimizer(step.thing, file):
                continue
            if not any(clears(flow, step, backward, event) for event in flow.events):
                told.add(backward.at)
                yield rule.at(backward.at, opt=step.written)
