"""Mixed precision with a line of the `GradScaler` protocol left out.

## Why

SILENT in two of three cases. Keras' `LossScaleOptimizer` does it all; in PyTorch `backward()` of a
scaled loss leaves gradients that are 65536 times too large, and every later line has to know it.
Measured on the program below: clipping them to 1 and dividing them by 65536 afterwards leaves steps
of 1e-6, the loss stays at 1.128 (with `unscale_` first it falls to 0.525). `optimizer.step()` on
them moves the weights by thousands. Without `scaler.update()` the second step raises
`RuntimeError: step() has already been called since the last update()`.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")

losses = []
for step in range(10):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    scaler.scale(loss).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # XFR803
    scaler.step(optimizer)
    scaler.update()
    losses.append(loss.item())
```

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")

losses = []
for step in range(10):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    scaler.scale(loss).backward()
    optimizer.step()  # XFR803
    losses.append(loss.item())
```

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")

losses = []
for step in range(10):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    scaler.scale(loss).backward()
    scaler.step(optimizer)  # XFR803
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
scaler = torch.amp.GradScaler("cpu")

losses = []
for step in range(10):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
    losses.append(loss.item())
```

## When it stays quiet

- `unscale_` or `update` stands anywhere on the way, under a condition too.
- The loop has a branch without a scaler, and the line in question belongs to it.
- A call that cannot be seen gets hold of the scaler or the optimizer.

## Fix

`scaler.scale(loss).backward()`, `scaler.unscale_(optimizer)` if the gradients are clipped or read,
`scaler.step(optimizer)`, `scaler.update()`.

## Seen at run time

`training_smoke`: `clipping`, `mixed-precision`, `updates`.

## References

- https://docs.pytorch.org/docs/stable/notes/amp_examples.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.flow import Event, Flow, Kind, common_loops, flows
from ...loop.things import Role, Thing, imports_torch, is_scaler, role
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="scaler-order",
    message="gradients clipped while scaled (SILENT: steps of 1/65536); {scaler}.unscale_() first",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_UNSCALED_STEP = "{opt}.step() on scaled gradients (SILENT: 65536x too far); {scaler}.step({opt})"
_NO_UPDATE = "{scaler}.update() is missing (LOUD: the next step raises); call it after step()"


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    if not imports_torch(file):
        return
    for flow in flows(file):
        for backward in flow.of(Kind.BACKWARD):
            scaler = scaler_of(backward)
            if scaler is None or handed_on(flow, scaler):
                continue
            step = flow.first_after(backward, Kind.STEP)
            if step is None:
                continue
            shown = ast.unparse(scaler)
            if (clip := clipped_unscaled(flow, backward, step)) is not None:
                yield rule.at(clip.at, scaler=shown)
            if step.through is None and steps_unscaled(flow, backward, step):
                yield rule.at(step.at, _UNSCALED_STEP, opt=step.written, scaler=shown)
            if step.through is not None and never_updated(flow, backward, step):
                yield rule.at(step.at, _NO_UPDATE, scaler=shown)


def scaler_of(backward: Event) -> ast.expr | None:
    """`scaler` of `scaler.scale(loss).backward()`."""
    match backward.node:
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(func=ast.Attribute(value=scaler, attr="scale"), args=[_])
            )
        ):
            thing = Thing(backward.file.dotted(scaler) or "", backward.file, scaler)
            return scaler if is_scaler(thing) else None
    return None


def handed_on(flow: Flow, scaler: ast.expr) -> bool:
    """Whether a call that cannot be seen may do the rest."""
    return any(not event.seems_harmless for event in flow.of(Kind.OPAQUE) if gets_scaler(event))


def gets_scaler(event: Event) -> bool:
    return any(role(thing) in (Role.SCALER, Role.OPTIMIZER) for thing in event.involved) or any(
        role(Thing(event.file.dotted(given) or "", event.file, given)) is Role.SCALER
        for given in (event.node.args if isinstance(event.node, ast.Call) else ())
        if isinstance(given, ast.Name | ast.Attribute)
    )


def clipped_unscaled(flow: Flow, backward: Event, step: Event) -> Event | None:
    """The clipping between a scaled backward pass and the scaler's step, no `unscale_` before."""
    if step.through is None or flow.of(Kind.UNSCALE):
        return None
    return next((c for c in flow.between(backward, step, Kind.CLIP) if not c.excludes(step)), None)


def steps_unscaled(flow: Flow, backward: Event, step: Event) -> bool:
    """Whether the step takes the gradients as the scaled backward pass left them."""
    if flow.of(Kind.UNSCALE) or any(event.through is not None for event in flow.of(Kind.STEP)):
        return False
    return step.whenever(backward) or backward.branches == step.branches


def never_updated(flow: Flow, backward: Event, step: Event) -> bool:
    """Whether a loop steps through the scaler again and again, and never updates it."""
    return bool(common_loops(backward, step)) and not flow.of(Kind.UPDATE)
