"""`scheduler.step()` before `optimizer.step()`.

## Why

SILENT but for a warning. A Keras schedule is asked for the rate of the step at hand; PyTorch's
scheduler sets the rate of the *next* one. Stepped first, it skips the first rate, and all others
come one turn too early. Measured on the program below: rates 0.5, 0.25, 0.125 where 1, 0.5, 0.25
were meant.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)

rates = []
for epoch in range(3):
    scheduler.step()  # XFR413
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    rates.append(optimizer.param_groups[0]["lr"])
    optimizer.step()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)

rates = []
for epoch in range(3):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    rates.append(optimizer.param_groups[0]["lr"])
    optimizer.step()
    scheduler.step()
```

## When it stays quiet

- An optimizer steps earlier in the same turn, or before the loop.
- The epoch is given (`scheduler.step(epoch)`): the rate is then that epoch's own.
- The scheduler steps under a condition of its own (`if epoch > 0:`).
- The step stands in a call that cannot be followed.

## Fix

Move `scheduler.step()` behind `optimizer.step()`, at the end of the epoch or batch loop.

## Seen at run time

`training_smoke`: `schedule`; `parity`: `curve`; PyTorch warns ("Detected call of
`lr_scheduler.step()` before ...").

## References

- https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.flow import Event, Flow, Kind, flows
from ...loop.things import Role, imports_torch, is_foreign, role
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import LOOPS, File

rule = Rule(
    __name__,
    name="scheduler-before-optimizer",
    message="{sched}.step() before the optimizer's (SILENT: skips the first rate); step it last",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for flow in flows(file):
        for schedule in flow.of(Kind.SCHEDULE):
            if imports_torch(file) and not is_foreign(file) and comes_first(flow, schedule):
                yield rule.at(schedule.at, sched=schedule.written)


def comes_first(flow: Flow, schedule: Event) -> bool:
    """Whether a scheduler steps in each turn of a loop in which an optimizer only steps later."""
    call = schedule.node
    if not isinstance(call, ast.Call) or call.args or call.keywords:
        return False
    loop = schedule.loops[-1] if schedule.loops else None
    if not isinstance(loop, LOOPS) or schedule.thing is None:
        return False
    if role(schedule.thing) is not Role.SCHEDULER:
        return False
    following = flow.first_after(schedule, Kind.STEP)
    if following is None or loop not in following.loops or flow.last_before(schedule, Kind.STEP):
        return False
    if following.loops == schedule.loops and following.branches == schedule.branches:
        return True
    unseen = flow.before(schedule, Kind.OPAQUE)
    return not schedule.branches and not any(may_step(event, loop) for event in unseen)


def may_step(event: Event, loop: ast.AST) -> bool:
    """Whether an optimizer may have stepped out of sight in the same turn."""
    return loop in event.loops and not event.seems_harmless
