"""`optimizer.step()` before `backward()`.

## Why

SILENT. With `zero_grad()` first, `step()` never sees a gradient and no weight ever moves (measured:
loss 1.846 before, 1.8458 after 50 steps). Without it, or with it behind `step()`, each step applies
the gradients of the turn before, taken at weights that are no longer there.

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
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.step()  # XFR206
    loss.backward()
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

- A loop turned by one place: `step()`, `zero_grad()`, forward, `backward()` is the usual order with
  another beginning.
- The step stands under a condition of its own (`if i: optimizer.step()`, gradient accumulation).
- Closures, other optimizers, gradients written by hand, calls that cannot be seen.

## Fix

Call `backward()` first, then `step()`.

## Seen at run time

`training_smoke`: `updates` (each trainable weight moves in one step).

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
    name="step-before-backward",
    message="{opt}.step() before backward() (SILENT: old or no gradients); step after it",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for flow in flows(file):
        for step in flow.of(Kind.STEP):
            backward = backward_behind(flow, step)
            if backward is None or step.has_closure or not is_torch_optimizer(step.thing, file):
                continue
            if is_cleared(flow, step) or loss_is_there(backward, step):
                yield rule.at(step.at, opt=step.written)


def backward_behind(flow: Flow, step: Event) -> Event | None:
    """The first `backward()` since the gradients were cleared, where it stands in the step's block
    and behind it."""
    for event in flow.before(step, *GRADIENTS, Kind.ZERO):
        if event.kind is Kind.ZERO:
            if clears(event, step):
                break  # whatever gradients were made before are gone
            continue
        earlier = event.loops[: len(step.loops)] == step.loops
        if earlier and not (event.kind is Kind.OPAQUE and event.seems_harmless):
            return None
    found = flow.first_after(step, Kind.BACKWARD)
    if found is None or found.loops != step.loops or found.branches != step.branches:
        return None
    following = flow.first_after(found, Kind.BACKWARD, Kind.STEP)
    if following is not None and following.kind is Kind.STEP and following.node is not step.node:
        return None  # it is that step's
    for later in flow.after(found, Kind.STEP):
        # The step itself comes by again where its function is called twice.
        if later.key == step.key and later.node is not step.node:
            return None
    return found


def is_cleared(flow: Flow, step: Event) -> bool:
    """Whether the turn has thrown the last one's gradients away when it steps."""
    return any(clears(zero, step) for zero in flow.before(step, Kind.ZERO))


def clears(zero: Event, step: Event) -> bool:
    """Whether `zero` surely clears what `step` uses, in the same turn."""
    assert step.thing is not None
    return (
        zero.thing is not None
        and zeroes(zero.thing, step.thing)
        and zero.loops == step.loops
        and zero.whenever(step)
    )


def loss_is_there(backward: Event, step: Event) -> bool:
    """Whether the loss was computed before the step, in the turn that both share."""
    return backward.made is not None and backward.made <= step.order
