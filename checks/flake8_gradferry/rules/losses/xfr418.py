"""A learning rate schedule counted in epochs that is stepped once a batch.

## Why

SILENT. torch's schedulers are mostly stepped once an epoch, Keras' schedules count batches: the
same number means something else. Measured with 100 batches an epoch and "a tenth every 30 epochs":
the rate is 1e-4 after one epoch and 1e-17 after five, where it should be 0.1. The same happens to
a torch scheduler whose `step()` stands in the loop over the batches.

## Bad

```python
import keras
import numpy as np

x, y = np.ones((64, 2)), np.ones((64, 1))
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
schedule = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=4)  # XFR418
model.compile(keras.optimizers.SGD(schedule), "mse")
model.fit(x, y, batch_size=16, epochs=4, verbose=0)
after_one_epoch = float(schedule(4))
```

```python
import torch
from torch import nn

EPOCHS = 4
model = nn.Linear(2, 1)
batches = [torch.ones(16, 2)] * 4
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS)
rates = []
for epoch in range(EPOCHS):
    for batch in batches:
        optimizer.zero_grad()
        model(batch).mean().backward()
        optimizer.step()
        scheduler.step()  # XFR418
    rates.append(optimizer.param_groups[0]["lr"])
after_one_epoch = rates[0]
```

## Good

```python
import keras
import numpy as np

x, y = np.ones((64, 2)), np.ones((64, 1))
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
schedule = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=4 * len(x) // 16)
model.compile(keras.optimizers.SGD(schedule), "mse")
model.fit(x, y, batch_size=16, epochs=4, verbose=0)
after_one_epoch = float(schedule(4))
```

```python
import torch
from torch import nn

EPOCHS = 4
model = nn.Linear(2, 1)
batches = [torch.ones(16, 2)] * 4
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS)
rates = []
for epoch in range(EPOCHS):
    for batch in batches:
        optimizer.zero_grad()
        model(batch).mean().backward()
        optimizer.step()
    scheduler.step()
    rates.append(optimizer.param_groups[0]["lr"])
after_one_epoch = rates[0]
```

## When it stays quiet

- Numbers of steps: products, names without "epoch", more than the program's epochs.
- Keras schedules in programs whose epochs are not seen to hold several batches.
- `OneCycleLR`, warm restarts, `CyclicLR`, warm-up: they are meant for batches.
- Lightning's `"interval": "epoch"`, its default.

## Fix

Multiply by the batches of an epoch, or step torch's scheduler after the loop over the batches.

## Seen at run time

`training_smoke`: `schedule` where the rate is gone within 20 batches; `parity`: `curve`,
from the first epochs on.

## References

- https://keras.io/api/optimizers/learning_rate_schedules/
- https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...loop.events import Event, Kind, common_loops
from ...loop.flow import Flow, flows
from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import Arguments, arguments, last_name, number
from ...source.infer import origins
from ...source.walk import File

rule = Rule(
    __name__,
    name="schedule-in-epochs",
    message="{value} is in epochs, this counts batches (SILENT); multiply by batches per epoch",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)
STEPPED = "{scheduler} counts epochs, this steps it per batch (SILENT); move it out one loop"

LIGHTNING = '{scheduler} counts epochs, "interval": "step" counts batches (SILENT); drop it'

# The parameter in which a schedule is told its length.
_KERAS = {
    "CosineDecay": "decay_steps",
    "ExponentialDecay": "decay_steps",
    "InverseTimeDecay": "decay_steps",
    "PolynomialDecay": "decay_steps",
    "PiecewiseConstantDecay": "boundaries",
}
_TORCH = {
    "CosineAnnealingLR": "T_max",
    "StepLR": "step_size",
    "MultiStepLR": "milestones",
    "PolynomialLR": "total_iters",
    "LinearLR": "total_iters",
}
_ENDING = ("CosineDecay", "PolynomialDecay", "PiecewiseConstantDecay")
_EPOCHS = re.compile(r"(^|_)(n|num|max|total)?_?epochs?(_?(n|num|max|total))?$", re.IGNORECASE)


# -- Keras -----------------------------------------------------------------------------------------


@rule.call(*(f"keras.optimizers.schedules.{name}" for name in _KERAS))
def check_keras(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    length = made.given.get(_KERAS[made.cls]) if made is not None else None
    if made is None or length is None:
        return
    ends = made.cls in _ENDING
    if any(are_epochs(file, length, epochs, ends) for epochs in epochs_of_fits(file)):
        yield rule.at(call, value=ast.unparse(length))


def epochs_of_fits(file: File) -> Iterator[ast.expr]:
    """The numbers of epochs that `fit` is given, where an epoch holds more than one batch."""
    for call in file.calls_by_name.get("fit", ()):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        one = number(file, given.get("steps_per_epoch")) == 1 or is_whole(given.get("batch_size"))
        if "epochs" in given and not one:
            yield given["epochs"]


def is_whole(batch_size: ast.expr | None) -> bool:
    """Whether a batch is all of the data: `len(x)`, `x.shape[0]`."""
    match batch_size:
        case ast.Call() | ast.Subscript(value=ast.Attribute(attr="shape")):
            return True
    return False


def are_epochs(file: File, length: ast.expr, epochs: ast.expr, ends: bool) -> bool:
    """Whether a schedule's length is the number of epochs, or lies within it.

    A number is a witness only for a schedule that ends there: every 100 steps are as good as any.
    """
    if _EPOCHS.search(last_name(length)):
        return last_name(length) == last_name(epochs)
    if not ends or file.function(length) is not file.function(epochs):
        return False  # numbers say nothing of another function's training
    if isinstance(length, ast.List | ast.Tuple):
        limits = [number(file, item) for item in length.elts]
        last, limit = limits[-1] if limits else None, number(file, epochs)
        return last is not None and limit is not None and 1 < last <= limit
    steps = number(file, length)
    return steps is not None and steps > 1 and steps == number(file, epochs)


# -- torch -----------------------------------------------------------------------------------------


@rule.node(ast.Module)
def check_torch(file: File, module: ast.Module) -> Iterator[Finding]:
    if not any(name in file.calls_by_name for name in _TORCH):
        return
    for table in file.index[ast.Dict]:
        if (scheduler := stepped_by_lightning(file, table)) is not None:
            yield rule.at(table, LIGHTNING, scheduler=scheduler.cls)
    for flow in flows(file):
        for event in flow.of(Kind.SCHEDULE):
            scheduler = counts_epochs(flow, event)
            if scheduler is not None:
                yield rule.at(event.at, STEPPED, scheduler=scheduler.cls)


def counts_epochs(flow: Flow, event: Event) -> Arguments | None:
    """The scheduler, if it counts epochs and is stepped in a loop over their batches."""
    steps = [step for step in flow.of(Kind.STEP) if event.loops == step.loops]
    loops = common_loops(event, steps[0]) if steps else ()
    if len(loops) < 2 or event.conditional or event.thing is None:
        return None
    outer = loops[-2]
    limit = epochs_of_loop(event.file, outer) if isinstance(outer, ast.For) else None
    if limit is None:
        return None
    made, at, length = scheduler_of(event.thing.file, event.thing.node)
    if length is None:
        return None
    said = _EPOCHS.search(last_name(length)) or within(at, length, event.file, limit)
    return made if said else None


def scheduler_of(file: File, node: ast.expr) -> tuple[Arguments | None, File, ast.expr | None]:
    """How a scheduler of torch was made, where, and what says its length."""
    found = origins(file, node)
    if len(found) == 1 and found[0].call is not None:
        made = arguments(found[0].file, found[0].call)
        if made is not None and made.name.startswith("torch.optim.lr_scheduler."):
            return made, found[0].file, made.given.get(_TORCH.get(made.cls, ""))
    return None, file, None


def stepped_by_lightning(file: File, table: ast.Dict) -> Arguments | None:
    """A scheduler that counts epochs in `{"scheduler": ..., "interval": "step"}`."""
    entries = {
        key.value: value
        for key, value in zip(table.keys, table.values, strict=True)
        if isinstance(key, ast.Constant)
    }
    match entries:
        case {"scheduler": node, "interval": ast.Constant(value="step")}:
            made, _, length = scheduler_of(file, node)
            return made if length is not None and _EPOCHS.search(last_name(length)) else None
    return None


def epochs_of_loop(file: File, loop: ast.For) -> ast.expr | None:
    """How often a loop turns whose variable says that it counts epochs."""
    match loop.iter:
        case ast.Call(args=[ast.Call(func=ast.Name(id="range"), args=[*_, _] as args)]):
            pass  # tqdm(range(epochs))
        case ast.Call(func=ast.Name(id="range" | "trange"), args=[*_, _] as args):
            pass
        case _:
            return None
    limit = args[0] if len(args) == 1 else args[1]
    inside = file.inside(limit)
    says = [last_name(n) for n in (loop.target, *inside[ast.Name], *inside[ast.Attribute])]
    return limit if any("epoch" in word.lower() for word in says) else None


def within(at: File, length: ast.expr, file: File, limit: ast.expr) -> bool:
    """Whether a length, or the last of several, is a number of no more than the epochs."""
    if isinstance(length, ast.List | ast.Tuple):
        length = length.elts[-1] if length.elts else length
    steps, epochs = number(at, length), number(file, limit)
    return steps is not None and epochs is not None and 1 < steps <= epochs
