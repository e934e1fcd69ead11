"""An optimizer made anew in every turn of the loop that it steps in.

## Why

SILENT. Momentum, Adam's moments and their bias correction live in the optimizer: a new one in
every step forgets them. The loop runs and the loss falls, only slower. Measured on torch 2.13,
linear regression by SGD with momentum 0.9: the loss after 100 steps is 0.045 with a new optimizer
in each step, just as without momentum, and 0.00006 with one for all.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 4)
y = x @ torch.randn(4, 1)
model = nn.Linear(4, 1)
for _ in range(100):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)  # XFR214
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 4)
y = x @ torch.randn(4, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
for _ in range(100):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
```

## When it stays quiet

- The loop makes, resets or reloads the model too: folds, trials, tasks, clients, restarts.
- The optimizer is made from what changes in the loop (a learning rate, a list of settings), or
  under a condition, or steps in a loop further in.
- Optimizers without a state: SGD without momentum; and L-BFGS, whose history is of one objective.

## Fix

Make the optimizer once, before the loop. To change the learning rate set it on the optimizer, or
use a schedule.

## Seen at run time

`training_smoke`: `updates` (each step is made by an optimizer of its own). `parity`: `curve` (the
loss falls otherwise from the second step on).

## References

- https://docs.pytorch.org/docs/stable/optim.html#how-to-use-an-optimizer
- https://keras.io/api/optimizers/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.evaluation import is_test
from ...model.modes import argument
from ...objects.optimizers import KERAS_CLASSES, TORCH_CLASSES
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import argument_for, calls_of
from ...source.project import Symbol
from ...source.turns import changes_in, innermost_loop, is_reset_in, runs_each_turn
from ...source.walk import LOOPS, File, Function

rule = Rule(
    __name__,
    name="optimizer-created-in-loop",
    message="{optimizer} is new in each step, its state is lost (SILENT); make it before the loop",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)

_PARAMETERS = "parameters named_parameters trainable_variables trainable_weights".split()


@rule.call(*TORCH_CLASSES, *KERAS_CLASSES)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    match file.parent(call):
        case ast.Assign(targets=[ast.Name() | ast.Attribute() as target]):
            name = file.dotted(target)
        case ast.Attribute(attr="step" | "apply_gradients"):
            if has_state(call) and not is_test(file) and file.function(call) is not None:
                yield rule.at(call, optimizer=File.dotted(call.func) or "the optimizer")
            return
        case _:
            return
    if name is None or not has_state(call):
        return
    loop, function = innermost_loop(file, call), file.function(call)
    if loop is not None:
        again = is_made_for_each_step(file, call, name, loop)
    else:
        again = function is not None and is_made_for_each_call(file, call, name, function)
    if again:
        yield rule.at(call, optimizer=name)


def has_state(call: ast.Call) -> bool:
    """Whether the optimizer remembers anything: not plain gradient descent."""
    if not (File.dotted(call.func) or "").endswith("SGD"):
        return True
    match argument(call, "momentum", None):
        case None | ast.Constant(value=0 | 0.0 | None):
            return False
    return True


def is_made_for_each_step(file: File, call: ast.Call, name: str, loop: ast.AST) -> bool:
    """Whether every turn of the loop makes the optimizer, for a model that lives longer."""
    if not runs_each_turn(file, call, loop) or changes_in(file, call, loop):
        return False
    made = steps(file, loop, name)
    if not made or any(innermost_loop(file, step) is not loop for step in made):
        return False
    models = trained(file, call, made, loop)
    return bool(models) and all(lives_longer(file, model, loop) for model in models)


def is_made_for_each_call(file: File, call: ast.Call, name: str, function: Function) -> bool:
    """Whether a function that makes and steps the optimizer once is what a loop calls."""
    if not runs_each_turn(file, call, function) or file.inside(function).of(*LOOPS):
        return False
    made = steps(file, function, name)
    models = trained(file, call, made, function) if made else []
    if not models or any(changes_in(file, model, function) for model in models):
        return False
    for run in calls_of(file, function):
        loop = innermost_loop(file, run)
        if loop is not None and runs_each_turn(file, run, loop):
            given = [seen_from(file, model, function, run) for model in models]
            if all(model is not None and lives_longer(file, model, loop) for model in given):
                return True
    return False


def steps(file: File, around: ast.AST, name: str) -> list[ast.Call]:
    """The calls that step the optimizer of this name: `opt.step()`, `scaler.step(opt)`, ..."""
    found = []
    for call in file.inside(around)[ast.Call]:
        match call.func:
            case ast.Attribute(attr="step" | "apply_gradients" | "apply", value=owner):
                first = call.args[0] if call.args else None
                if file.dotted(owner) == name or (first and file.dotted(first) == name):
                    found.append(call)
    return found


def trained(file: File, call: ast.Call, made: list[ast.Call], around: ast.AST) -> list[ast.expr]:
    """The models whose parameters the optimizer is given; by Keras' the loop tells them apart."""
    parts: list[ast.AST] = [*call.args, *(keyword.value for keyword in call.keywords)]
    if any(isinstance(step.func, ast.Attribute) and step.func.attr != "step" for step in made):
        parts.append(around)
    return [
        node.value
        for part in parts
        for node in file.inside(part)[ast.Attribute]
        if node.attr in _PARAMETERS
    ]


def lives_longer(file: File, model: ast.expr, loop: ast.AST) -> bool:
    """Whether a model is the same, with the weights it has come to, in all turns of a loop."""
    named = file.dotted(model) is not None
    return named and not changes_in(file, model, loop) and not is_reset_in(file, model, loop)


def seen_from(file: File, model: ast.expr, function: Function, run: ast.Call) -> ast.expr | None:
    """A model that a function names, as the call of the function does."""
    root = next(iter(file.inside(model)[ast.Name]), None)
    for arg in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs):
        if root is not None and root.id == arg.arg != "self":
            return argument_for(Symbol(file, function), run, arg)
    return model
