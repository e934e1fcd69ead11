"""A torch model evaluated in training mode.

## Why

SILENT. `torch.no_grad()` turns off gradients, not training mode: without `model.eval()` Dropout
drops and batch norm normalizes by the batch at hand and goes on updating its statistics. Keras'
`predict`, `evaluate` and `model(x)` run in evaluation mode by themselves. Measured on torch 2.13:
two passes over the same data differ, the evaluation data moves the batch norm's statistics, and
with batches of two the accuracy is 0.61 where evaluation mode gives 1.00.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = (x[:, 0] > 0).long()
model = nn.Sequential(nn.Linear(4, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for _ in range(50):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()

with torch.no_grad():
    predicted = torch.cat([model(pair) for pair in x.split(2)]).argmax(1)  # XFR301
    accuracy = (predicted == y).float().mean()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = (x[:, 0] > 0).long()
model = nn.Sequential(nn.Linear(4, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for _ in range(50):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()

model.eval()
with torch.no_grad():
    predicted = torch.cat([model(pair) for pair in x.split(2)]).argmax(1)
    accuracy = (predicted == y).float().mean()
```

## When it stays quiet

- Anything in the file, or in the file that makes the model, sets evaluation mode.
- Nothing in the model is seen to depend on the mode, or the model cannot be seen.
- The pass is part of a training step (targets of a teacher, pseudo labels), runs on made-up
  tensors, or belongs to a module's own methods: there the caller sets the mode.
- Monte Carlo dropout, generators that sample, target and teacher networks, by their names.
- The model is neither trained nor loaded in the file, and Lightning modules.

## Fix

Call `model.eval()` before the evaluation, and `model.train()` before training goes on.

## Seen at run time

`training_smoke`: `modes` (two passes in evaluation differ) and `batch-independence`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval
- https://docs.pytorch.org/docs/stable/notes/autograd.html#evaluation-mode-nn-module-eval
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...loop.evaluation import is_evaluation, is_held_out, is_test, trains, turns_off_gradients
from ...loop.things import imports_torch
from ...model.models import Found, layers, within
from ...model.modes import layer_dependent
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage, origins
from ...source.walk import FUNCTIONS, LOOPS, File, remembered

rule = Rule(
    __name__,
    name="missing-eval",
    message="{model} is evaluated in training mode (SILENT); call {model}.eval() before",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)

# Passes that are not evaluations, by the name of the function, and models that are not evaluated.
_OTHER_PASS = re.compile(r"mc_|_mc|monte|bayes|uncertain|update|init|calibrat|sampl|generat")
_OTHER_MODEL = re.compile(r"target|teacher|ema|momentum|gen|netg|^g$|old|ref|frozen|prior")
_MADE_UP = frozenset(
    f"torch.{name}" for name in "empty ones rand randint randn zeros full arange".split()
)


@rule.node(ast.With, where=imports_torch)
def check_block(file: File, block: ast.With) -> Iterator[Finding]:
    if any(turns_off_gradients(file, item.context_expr) for item in block.items):
        yield from evaluated(file, block)


@rule.node(ast.FunctionDef, where=imports_torch)
def check_function(file: File, function: ast.FunctionDef) -> Iterator[Finding]:
    if any(turns_off_gradients(file, item) for item in function.decorator_list) or (
        is_evaluation(function) and not trains(file, function)
    ):
        yield from evaluated(file, function)


@rule.node(ast.For, where=imports_torch)
def check_loop(file: File, loop: ast.For) -> Iterator[Finding]:
    if is_held_out(file, loop) and not trains(file, loop):
        yield from evaluated(file, loop)


def evaluated(file: File, root: ast.AST) -> Iterator[Finding]:
    """The models that are run below `root` in training mode, each once."""
    if not imports_torch(file) or sets_mode(file) or not is_trained_or_loaded(file):
        return
    seen: set[str] = set()
    for call in file.inside(root)[ast.Call]:
        name = file.dotted(call.func)
        if name is None or name in seen or not call.args or file.qualified(call.func) is not None:
            continue
        if is_other_pass(file, call, name) or not is_mode_dependent(layers(file, call.func)):
            continue
        seen.add(name)
        yield rule.at(call, model=name)


@remembered
def sets_mode(file: File) -> bool:
    """Whether the file switches any model's mode off: `eval()`, `train(False)`, `train(flag)`."""
    return any(node.attr == "eval" for node in file.index[ast.Attribute]) or any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "train"
        and bool(call.args or call.keywords)
        for call in file.index[ast.Call]
    )


def is_trained_or_loaded(file: File) -> bool:
    """Whether the file trains a model or loads weights: then its mode matters."""
    return any(
        node.attr in ("backward", "load_state_dict") for node in file.index[ast.Attribute]
    ) or any(
        isinstance(call.func, (ast.Attribute, ast.Name))
        and any(k.arg in ("pretrained", "weights") for k in call.keywords)
        for call in file.index[ast.Call]
    )


def is_mode_dependent(found: Found) -> bool:
    """Whether every model that may be meant depends on the mode, and nothing made it so far away
    sets the mode."""
    if not found.layers or not found.complete:
        return False
    return all(layer_dependent(layer) for layer in found.layers) and not any(
        sets_mode(inner.file) or (inner.cls is not None and sets_mode(inner.cls.file))
        for layer in found.layers
        for inner in within(layer)
    )


def is_other_pass(file: File, call: ast.Call, name: str) -> bool:
    """Whether a pass is no evaluation: part of a training step, a probe, the caller's business."""
    around = [above.name for above in file.ancestors(call) if isinstance(above, FUNCTIONS)]
    if any(_OTHER_PASS.search(outer.lower()) or outer == "forward" for outer in around):
        return True
    if any("train" in outer.lower() for outer in around):
        loops = (above for above in file.ancestors(call) if isinstance(above, ast.For))
        if not any(is_held_out(file, loop) for loop in loops):
            return True
    if any(_OTHER_MODEL.search(part.lower()) for part in name.split(".")):
        return True
    cls = file.method_class(call)
    if cls is not None and lineage(file, cls).is_torch_module:
        return True  # a module's mode is set by whoever calls it; Lightning sets it by itself
    if is_test(file):
        return True
    return is_made_up(file, call.args[0]) or in_training_step(file, call)


def is_made_up(file: File, given: ast.expr) -> bool:
    return all(
        isinstance(origin.node, ast.Call) and origin.file.qualified(origin.node.func) in _MADE_UP
        for origin in origins(file, given)
    )


def in_training_step(file: File, call: ast.Call) -> bool:
    """Whether the innermost loop around the call, or its function without one, calls backward."""
    loop: ast.AST | None = file.enclosing(call, *LOOPS, *FUNCTIONS)
    if loop is None:
        return False
    return any(
        node.attr == "backward" and file.enclosing(node, *LOOPS, *FUNCTIONS) is loop
        for node in file.inside(loop)[ast.Attribute]
    )
