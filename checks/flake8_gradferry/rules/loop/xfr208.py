"""`zero_grad()` in the epoch loop only, while the batch loop inside it steps.

## Why

SILENT. The gradients are cleared once an epoch, so each batch steps along the sum of all gradients
of the epoch so far. Measured on the program below: the loss goes from 4.85 up to 448 and is
82.4 after three epochs; cleared in the batch loop it ends at 8e-7.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = x @ torch.tensor([[1.0], [2.0], [-1.0], [0.5]])
batches = list(zip(x.split(4), y.split(4)))
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

losses = []
for epoch in range(3):
    optimizer.zero_grad()  # XFR208
    for inputs, targets in batches:
        loss = nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
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
batches = list(zip(x.split(4), y.split(4)))
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

losses = []
for epoch in range(3):
    for inputs, targets in batches:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
```

## When it stays quiet

- The step stands in the epoch loop too: the gradients of the whole epoch are one step's on purpose.
- Anything in the inner loop clears, under a condition too (gradient accumulation), in a helper, or
  by making the optimizer anew; or the inner loop turns once.
- The step has a condition that ends the accumulation (`if last:`, `if i == n - 1:`).
- The model or the optimizer is handed to a call that cannot be followed.

## Fix

Move `zero_grad()` into the inner loop, in front of `backward()`.

## Seen at run time

`training_smoke`: `fresh-gradients` of the step; `parity`: `curve`.

## References

- https://docs.pytorch.org/tutorials/recipes/recipes/zeroing_out_gradients.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.clearing import clears, gradients_of
from ...loop.flow import Event, Flow, Kind, common_loops, flows
from ...loop.things import is_torch_optimizer
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="zero-grad-outside-inner-loop",
    message="{obj}.zero_grad() only in the outer loop (SILENT: batches add up); clear inside",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for flow in flows(file):
        told: set[ast.AST] = set()
        for step in flow.of(Kind.STEP):
            zero = only_outside(flow, step)
            if zero is None or zero.at in told or not is_torch_optimizer(step.thing, file):
                continue
            told.add(zero.at)
            yield rule.at(zero.at, obj=zero.written)


def only_outside(flow: Flow, step: Event) -> Event | None:
    """The clearing in an outer loop, where the loop that steps never clears."""
    backward = gradients_of(flow, step)
    if backward is None or ends_an_accumulation(step, backward):
        return None
    loops = common_loops(step, backward)
    clearing = [event for event in flow.events if clears(flow, step, backward, event)]
    if not clearing or any(loops[-1] in event.loops for event in clearing):
        return None
    zero = clearing[0]
    return zero if zero.thing is not None and zero.thing.key else None


def ends_an_accumulation(step: Event, backward: Event) -> bool:
    """Whether the step waits for a turn of its own, which is not one of every few."""
    own = [node for node, _ in step.branches if (node, "body") not in backward.branches]
    return any(
        not isinstance(node, ast.If) or not isinstance(node.test, ast.Compare) or _is_last(node)
        for node in own
    )


def _is_last(node: ast.If) -> bool:
    """Whether an `if` asks for one certain turn, not for each k-th."""
    assert isinstance(node.test, ast.Compare)
    sides = (node.test.left, *node.test.comparators)
    return not any(isinstance(s, ast.BinOp) and isinstance(s.op, ast.Mod) for s in sides)
