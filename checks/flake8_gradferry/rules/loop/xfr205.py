"""`zero_grad()` between `backward()` and `step()`.

## Why

SILENT. `backward()` fills the gradients, `zero_grad()` throws them away, `step()` finds nothing to
do: the program runs to its end and no weight has moved. Measured: loss 1.846 before, 1.846 after 50
steps; in the right order it falls to 0.005.

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
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.zero_grad()  # XFR205
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
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
```

## When it stays quiet

- Another optimizer steps than the one that is cleared (GANs), or another model's gradients are.
- Gradients come back in between: a second `backward()`, `p.grad = g`, a call that cannot be seen.
- The clearing stands under an `if` that the step does not share (a bad batch is skipped).
- `zero_grad()` after `step()`.

## Fix

Move `zero_grad()` in front of `backward()`, or behind `step()`.

## Seen at run time

`training_smoke`: `updates` and `learns`.

## References

- https://docs.pytorch.org/docs/stable/optim.html#taking-an-optimization-step
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.flow import GRADIENTS, Event, Flow, Kind, flows
from ...loop.things import is_torch_optimizer, zeroes
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="zero-grad-after-backward",
    message="{obj}.zero_grad() after backward() (SILENT: step() moves nothing); clear before it",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for flow in flows(file):
        for zero in flow.of(Kind.ZERO):
            step = step_without_gradients(flow, zero)
            if step is None or not is_torch_optimizer(step.thing, file):
                continue
            if throws_away(flow, zero, step):
                yield rule.at(zero.at, obj=zero.written)


def step_without_gradients(flow: Flow, zero: Event) -> Event | None:
    """The step that finds only what `zero` left, in the same block or one inside it."""
    assert zero.thing is not None
    for event in flow.after(zero, Kind.STEP, *GRADIENTS):
        if event.kind is Kind.STEP:
            assert event.thing is not None
            if zeroes(zero.thing, event.thing):
                alike = event.loops == zero.loops and zero.whenever(event)
                return event if alike and not event.has_closure else None
        elif event.kind is not Kind.OPAQUE or not event.seems_harmless:
            return None
    return None


def throws_away(flow: Flow, zero: Event, step: Event) -> bool:
    """Whether gradients were there that nobody had used yet."""
    assert step.thing is not None
    for event in flow.before(zero, Kind.STEP, *GRADIENTS):
        if event.kind is Kind.STEP:
            assert event.thing is not None
            if zeroes(event.thing, step.thing):
                return False
        elif event.kind is Kind.BACKWARD:
            same_turn = event.loops[: len(zero.loops)] == zero.loops
            return same_turn and zero.whenever(event)
        elif event.kind is Kind.WRITE or not event.seems_harmless:
            return False
    return False
