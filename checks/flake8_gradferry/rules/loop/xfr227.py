"""Gradients clipped after the step that used them, or before there are any.

## Why

SILENT. In Keras clipping is a setting of the optimizer; in PyTorch it is a line of the loop and
acts where it stands. After `step()`, or between `zero_grad()` and `backward()`, it changes nothing
that is used. Measured on the program below: the steps see gradients of norm 280 and more where 1
was asked for, and the loss goes from 1475 to 1e29; clipped in time it goes to 1316.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = 10 * torch.randn(32, 4), 50 * torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

losses, used = [], []
for step in range(10):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    used.append(model.weight.grad.norm().item())
    optimizer.step()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # XFR227
    losses.append(loss.item())
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = 10 * torch.randn(32, 4), 50 * torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

losses, used = [], []
for step in range(10):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    used.append(model.weight.grad.norm().item())
    optimizer.step()
    losses.append(loss.item())
```

## When it stays quiet

- The norm is only measured: `clip_grad_norm_(parameters, float("inf"))`.
- Another optimizer steps next on what was clipped, or was never cleared (gradient accumulation).
- A call that cannot be seen may have made or used the gradients.

## Fix

Clip between `backward()` and `step()` (with a `GradScaler`, after `scaler.unscale_(optimizer)`).

## Seen at run time

`training_smoke`: `clipping`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.flow import GRADIENTS, Event, Flow, Kind, flows
from ...loop.things import holds, is_torch_optimizer
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="clip-in-wrong-place",
    message="gradients clipped after {opt}.step() (SILENT: it saw them whole); clip before it",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_TOO_EARLY = "gradients clipped before backward() (SILENT: none there yet); clip after it"


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for flow in flows(file):
        for clip in flow.of(Kind.CLIP):
            if only_measures(clip):
                continue
            if (step := step_before(flow, clip)) is not None:
                if is_torch_optimizer(step.thing, file):
                    yield rule.at(clip.at, opt=step.written)
            elif comes_before_backward(flow, clip):
                yield rule.at(clip.at, _TOO_EARLY)


def step_before(flow: Flow, clip: Event) -> Event | None:
    """The step that used the gradients right before they were clipped."""
    step = nearest(flow.before(clip, Kind.STEP, *GRADIENTS))
    if step is None or step.kind is not Kind.STEP or step.loops != clip.loops or step.has_closure:
        return None
    if not step.whenever(clip):
        return None
    following = flow.first_after(clip, Kind.STEP, Kind.BACKWARD, Kind.WRITE)
    if following is not None and following.kind is not Kind.BACKWARD:
        return None
    steppers = {event.key for event in flow.of(Kind.STEP)}
    assert step.thing is not None
    assert clip.thing is not None
    return step if len(steppers) == 1 or holds(step.thing, clip.thing) else None


def comes_before_backward(flow: Flow, clip: Event) -> bool:
    """Whether the gradients were cleared, are clipped, and only then made."""
    before = nearest(flow.before(clip, Kind.STEP, Kind.ZERO, *GRADIENTS))
    after = nearest(flow.after(clip, Kind.STEP, Kind.ZERO, *GRADIENTS))
    if before is None or before.kind is not Kind.ZERO or before.loops != clip.loops:
        return False
    if after is None or after.kind is not Kind.BACKWARD or after.loops != clip.loops:
        return False
    return before.whenever(clip) and clip.whenever(after) and len(flow.of(Kind.ZERO)) == 1


def nearest(events: Iterator[Event]) -> Event | None:
    """The first event that matters: calls that cannot be seen and only look are passed over."""
    return next((e for e in events if e.kind is not Kind.OPAQUE or not e.seems_harmless), None)


def only_measures(clip: Event) -> bool:
    """Whether the bound is infinite, or so large that it is no bound."""
    call = clip.node
    assert isinstance(call, ast.Call)
    bounds = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "max_norm")]
    for bound in bounds:
        match bound:
            case ast.Constant(value=int() | float() as limit):
                return limit >= 1e6
            case ast.Call(func=ast.Name(id="float")):
                return True
            case ast.Attribute(attr="inf") | ast.Name(id="inf"):
                return True
    return False
