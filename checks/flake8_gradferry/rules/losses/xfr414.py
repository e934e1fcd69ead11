"""A learning rate scheduler that is made and never stepped.

## Why

SILENT. A Keras schedule works by being given to the optimizer; PyTorch's changes the rate only when
its `step()` is called. Measured on the program below: the rate is 0.1 in all three epochs; with
`scheduler.step()` it is 0.1, 0.01, 0.001.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.1)  # XFR414

rates = []
for epoch in range(3):
    rates.append(optimizer.param_groups[0]["lr"])
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
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
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.1)

rates = []
for epoch in range(3):
    rates.append(optimizer.param_groups[0]["lr"])
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
    scheduler.step()
```

## When it stays quiet

- `step` is called on it anywhere in the file.
- It goes elsewhere: returned (Lightning's `configure_optimizers`), passed on, stored.
- Nothing in the file steps an optimizer: the loop is somewhere else.

## Fix

Call `scheduler.step()` after the epoch (or batch, for `OneCycleLR`), behind `optimizer.step()`.

## Seen at run time

`parity`: `curve` (the rate stays where it is while the reference's falls).

## References

- https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.things import SCHEDULERS
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import FUNCTIONS, File

rule = Rule(
    __name__,
    name="scheduler-never-stepped",
    message="{sched} is never stepped (SILENT: the rate never changes); call {sched}.step()",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)

_READS = frozenset("get_last_lr get_lr last_epoch base_lrs state_dict load_state_dict".split())


@rule.call(*SCHEDULERS)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    match file.parent(call):
        case ast.Assign(targets=[ast.Name() | ast.Attribute() as target]):
            pass
        case _:
            return
    if steps_an_optimizer(file) and not any(may_step(file, use) for use in uses(file, target)):
        yield rule.at(call, sched=ast.unparse(target))


def steps_an_optimizer(file: File) -> bool:
    """Whether an optimizer's step stands in the file, and no name is read in hidden ways."""
    if any(name in file.calls_by_name for name in ("locals", "globals", "vars")):
        return False
    return any(
        "optim" in ast.unparse(c.func) or _short(c) for c in file.calls_by_name.get("step", ())
    )


def _short(call: ast.Call) -> bool:
    """`opt.step()`, `scaler.step(opt)`."""
    return "opt" in ast.unparse(call).lower()


def uses(file: File, target: ast.expr) -> Iterator[ast.AST]:
    """Where what was assigned may be read."""
    if isinstance(target, ast.Attribute):
        yield from (
            a
            for a in file.index[ast.Attribute]
            if a.attr == target.attr and isinstance(a.ctx, ast.Load)
        )
        return
    assert isinstance(target, ast.Name)
    home = file.scope(target).find(target.id)
    inside = file.inside(home.node) if home and isinstance(home.node, FUNCTIONS) else file.index
    for name in inside[ast.Name]:
        if name.id == target.id and isinstance(name.ctx, ast.Load):
            yield name


def may_step(file: File, use: ast.AST) -> bool:
    """Whether a use steps the scheduler, or hands it on to where it may be stepped."""
    match file.parent(use):
        case ast.Attribute(attr=attr):
            return attr not in _READS
        case ast.Expr() | ast.Compare() | ast.If():
            return False
        case ast.Call(func=ast.Name(id="print" | "isinstance" | "type")):
            return False
    return True
