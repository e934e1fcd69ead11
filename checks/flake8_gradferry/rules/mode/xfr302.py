"""`model.eval()` for validation, and no way back to training mode.

## Why

SILENT. Keras picks the mode with each call; in PyTorch `eval()` holds until `train()` is called.
An epoch loop that ends in `model.eval()` and has `model.train()` only in front of it trains from
the second epoch on without dropout and with frozen batch statistics. Measured: one epoch of 40 ran
in training mode; the training loss looks better (0.022 instead of 0.079), the validation loss is
worse (0.780 instead of 0.671). A validation every few steps, in the middle of the loop, does the
same to all steps after it.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

modes = []
model.train()
for epoch in range(5):
    for xb, yb in zip(x.split(16), y.split(16)):
        modes.append(model.training)
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(xb), yb)
        loss.backward()
        optimizer.step()
    model.eval()  # XFR302
    with torch.no_grad():
        print(epoch, nn.functional.mse_loss(model(x), y).item())
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

modes = []
for epoch in range(5):
    model.train()
    for xb, yb in zip(x.split(16), y.split(16)):
        modes.append(model.training)
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(xb), yb)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(epoch, nn.functional.mse_loss(model(x), y).item())
```

## When it stays quiet

- Training mode comes back anywhere in the loop: `model.train()`, `model.train(was_training)`, in a
  helper, or the model is handed to a call that cannot be followed.
- The loop is left after `eval()`, or `eval()` stands in front of the training on purpose.
- The model holds no layer that depends on the mode, as far as all of it can be seen.
- Another model than the trained one is put in evaluation mode (teacher, target, feature extractor),
  or a part of it (frozen batch norm).

## Fix

Make `model.train()` the first statement of the epoch loop.

## Seen at run time

`training_smoke`: `modes` (the step leaves the mode right).

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.flow import Event, Flow, Kind, common_loops, flows
from ...loop.things import holds, imports_torch, is_torch_optimizer, related, same
from ...model.modes import mode_dependent
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="missing-train-after-eval",
    message="{model}.eval() but no train() in this loop (SILENT: trains in eval); add train()",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    if not imports_torch(file):
        return
    for flow in flows(file):
        told: set[str] = set()
        for off in flow.of(Kind.EVAL):
            if off.thing is None or not off.key or off.key in told or not stays_off(flow, off):
                continue
            if mode_dependent(off.thing.file, off.thing.node) is not False:
                told.add(off.key)
                yield rule.at(off.at, model=off.written)


def stays_off(flow: Flow, off: Event) -> bool:
    """Whether the next turn of a loop trains the model in the mode that `off` set."""
    for step in flow.before(off, Kind.STEP):
        if common_loops(off, step) and is_torch_optimizer(step.thing, flow.file):
            return trains_on(flow, off, step, common_loops(off, step)[-1])
    for step in flow.after(off, Kind.STEP):
        loops = common_loops(off, step)
        if loops and is_look_between(flow, off, step):
            return is_torch_optimizer(step.thing, flow.file) and trains_on(
                flow, off, step, loops[-1]
            )
        if len(loops) > 1 and in_other_phase(loops[-1], off, step):
            return is_torch_optimizer(step.thing, flow.file) and trains_on(
                flow, off, step, loops[-2]
            )
    return False


def is_look_between(flow: Flow, off: Event, step: Event) -> bool:
    """Whether some turns of a training loop evaluate the model before they train it: under a
    test that the step is not under, with training mode set before."""
    assert off.thing is not None
    if off.whenever(step) or not any(
        same(on.thing, off.thing) for on in flow.before(off, Kind.TRAIN) if on.thing
    ):
        return False
    return any(
        off.whenever(forward) and forward.thing is not None and related(forward.thing, off.thing)
        for forward in flow.between(off, step, Kind.FORWARD)
    )


def trains_on(flow: Flow, off: Event, step: Event, loop: ast.AST) -> bool:
    """Whether nothing in a turn of the loop brings training mode back before the step."""
    turn = flow.within(loop)
    return (
        is_trained(flow, off, step)
        and not any(leaves_after(off, event, loop) for event in turn)
        and not any(may_turn_on(off, event) for event in turn)
    )


def in_other_phase(loop: ast.AST, one: Event, other: Event) -> bool:
    """Whether two events run in different turns of `for phase in ["train", "val"]`."""
    match loop:
        case ast.For(target=ast.Name(id=phase), iter=ast.List(elts=items) | ast.Tuple(elts=items)):
            names: set[object] = {i.value for i in items if isinstance(i, ast.Constant)}
            return phases(one, phase, names).isdisjoint(phases(other, phase, names))
    return False


def phases(event: Event, phase: str, names: set[object]) -> set[object]:
    """The phases in which an event runs: those that the tests around it on `phase` let through."""
    left = names
    for branch, arm in event.branches:
        match branch:
            case ast.If(
                test=ast.Compare(
                    left=ast.Name(id=asked),
                    ops=[ast.Eq() | ast.NotEq() as sign],
                    comparators=[ast.Constant(value=named)],
                )
            ) if asked == phase:
                same = isinstance(sign, ast.Eq) is (arm == "body")
                left = {name for name in left if (name == named) is same}
    return left


def is_trained(flow: Flow, off: Event, step: Event) -> bool:
    """Whether `step` moves the weights of the model that `off` is about."""
    assert off.thing is not None
    assert step.thing is not None
    if holds(step.thing, off.thing):
        return True
    backward = flow.last_before(step, Kind.BACKWARD)
    forwards = flow.within(step.loops[0], Kind.FORWARD)
    called = [e for e in forwards if backward and e.order < backward.order]
    trained_before = any(same(on.thing, off.thing) for on in flow.of(Kind.TRAIN) if on.thing)
    return trained_before or {e.key for e in called} == {off.key}


def may_turn_on(off: Event, event: Event) -> bool:
    """Whether an event may bring the training mode back."""
    assert off.thing is not None
    match event.kind:
        case Kind.TRAIN:
            return event.thing is None or related(event.thing, off.thing)
        case Kind.CREATE:
            return f"{off.key}.".startswith(f"{event.key}.")
        case Kind.OPAQUE:
            return not event.seems_harmless and any(
                related(thing, off.thing) for thing in event.involved
            )
    return False


def leaves_after(off: Event, event: Event, loop: ast.AST) -> bool:
    """Whether the loop is left whenever it got to `off`."""
    return loop in event.leaves and event.order > off.order and event.whenever(off)
