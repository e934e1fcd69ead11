"""A training loop that clears and computes gradients, and never steps.

## Why

SILENT. `model.fit` steps by itself; in PyTorch `backward()` only fills `.grad`. Without
`optimizer.step()` no weight ever moves. Measured on the program below: loss 1.128 before and after
50 steps; with `step()` it falls to 0.506.

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
    loss.backward()  # XFR235
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

- Anything steps: any optimizer in the loop, the same one anywhere in the file, a scaler or engine.
- The gradients are read (`p.grad`): saliency maps, attacks, updates by hand, tests.
- The model or the optimizer is handed to a call that cannot be followed.
- It is the model that is cleared, not an optimizer; or the function is a test.

## Fix

Call `optimizer.step()` after `backward()`.

## Seen at run time

`training_smoke`: `updates` (no optimizer is stepped).

## References

- https://docs.pytorch.org/docs/stable/optim.html#taking-an-optimization-step
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.flow import Event, Flow, Kind, common_loops, flows
from ...loop.things import SCHEDULERS, is_torch_optimizer
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins
from ...source.walk import File

rule = Rule(
    __name__,
    name="missing-step",
    message="loop never calls {opt}.step() (SILENT: no weight moves); step after backward()",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for flow in flows(file):
        if is_test(flow) or flow.of(Kind.STEP, Kind.WRITE):
            continue
        told: set[ast.AST] = set()
        for zero in flow.of(Kind.ZERO):
            backward = backward_after(flow, zero)
            if backward is None or backward.at in told or not is_torch_optimizer(zero.thing, file):
                continue
            if not zero.key or steps(flow, zero, backward) or reads_gradients(flow, backward):
                continue
            told.add(backward.at)
            yield rule.at(backward.at, opt=zero.written)


def backward_after(flow: Flow, zero: Event) -> Event | None:
    """The `backward()` in the loop that clears."""
    for backward in (*flow.after(zero, Kind.BACKWARD), *flow.before(zero, Kind.BACKWARD)):
        if common_loops(zero, backward):
            call = backward.node
            given = isinstance(call, ast.Call) and call.args  # `engine.backward(loss)`
            return None if given or backward.through is not None else backward
    return None


def steps(flow: Flow, zero: Event, backward: Event) -> bool:
    """Whether something steps, or may step."""
    loop = common_loops(zero, backward)[-1]
    if any(map(may_be_optimizer, flow.of(Kind.SCHEDULE))):
        return True
    if any(not e.seems_harmless for e in flow.within(loop, Kind.OPAQUE) if e.involved):
        return True
    return any(
        steps_by_name(flow.file, call, zero) for call in flow.file.calls_by_name.get("step", [])
    )


def may_be_optimizer(schedule: Event) -> bool:
    """Whether what has the name of a scheduler is not seen to be torch's, and may step inside."""
    thing = schedule.thing
    return thing is None or not all(o.callee in SCHEDULERS for o in origins(thing.file, thing.node))


def is_test(flow: Flow) -> bool:
    """Whether a flow only tries something out."""
    return getattr(flow.root, "name", "").startswith("test_")


def steps_by_name(file: File, call: ast.Call, zero: Event) -> bool:
    """Whether a call elsewhere steps what has the optimizer's name: a local name means it in its
    own function alone."""
    clearing = zero.node.func if isinstance(zero.node, ast.Call) else None
    if not isinstance(call.func, ast.Attribute) or not isinstance(clearing, ast.Attribute):
        return True
    names = {zero.thing.name if zero.thing is not None else "", last_name(clearing.value)}
    if last_name(call.func.value) not in names:
        return False
    local = isinstance(call.func.value, ast.Name)
    return not local or file.function(call) in (None, file.function(zero.at))


def last_name(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript | ast.Call):
        node = node.value if isinstance(node, ast.Subscript) else node.func
    return getattr(node, "attr", getattr(node, "id", ""))


def reads_gradients(flow: Flow, backward: Event) -> bool:
    """Whether somebody looks at `.grad` where the gradients are made."""
    homes = ((backward.file, backward.node), (flow.file, backward.at))
    return any(
        attribute.attr == "grad"
        for file, node in homes
        for attribute in file.body_of(node)[ast.Attribute]
    )
