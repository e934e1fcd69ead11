"""An evaluation in torch that builds the graph for a backward pass nobody takes.

## Why

SILENT. `eval()` sets the mode of the layers, not of autograd: outside `torch.no_grad()` each
forward pass still records what a backward pass would need. `model.predict` in Keras records
nothing. Where outputs or losses are kept, the graphs are kept with them. Measured on torch 2.13:
the sum below requires its gradient, and over a validation set the kept graphs held 153 MiB.

## Bad

```python
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 1))
batches = torch.ones(8, 2, 4)


def evaluate():
    model.eval()
    total = 0
    for x in batches:
        total += model(x).mean()  # XFR901
    return total


total = evaluate()
```

## Good

```python
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 1))
batches = torch.ones(8, 2, 4)


@torch.no_grad()
def evaluate():
    model.eval()
    total = 0
    for x in batches:
        total += model(x).mean()
    return total


total = evaluate()
```

## When it stays quiet

- `torch.no_grad()`, `torch.inference_mode()` or `torch.set_grad_enabled(False)` around the pass, as
  a decorator, or around all calls of the function in the file.
- Gradients are taken in the same function: saliency, attacks, style transfer.
- Modules' own methods, Lightning's among them: the caller decides. Tests.

## Fix

Put `@torch.no_grad()` on the function, or `with torch.no_grad():` around the loop.

## Seen at run time

`training_smoke`: `memory`.

## References

- https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.evaluation import is_test, turns_off_gradients
from ...loop.things import imports_torch, is_foreign
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import calls_of, lineage
from ...source.walk import FUNCTIONS, File, position, remembered

rule = Rule(
    __name__,
    name="evaluation-builds-graph",
    message="{model}(...) builds a graph in evaluation (SILENT); put torch.no_grad() around it",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="keras->torch",
)

_GRADIENTS = frozenset("backward requires_grad requires_grad_ grad autograd enable_grad".split())


@rule.method("eval")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    name = file.dotted(call.func.value)
    if call.args or name in (None, "self") or not imports_torch(file) or is_foreign(file):
        return
    scope = file.function(call) or file.tree
    inside = file.inside(scope, nested=False)
    if is_module_method(file, call) or is_held_off(file, scope) or is_test(file):
        return
    trains = [position(c) for c in inside[ast.Call] if _method(file, c) == (name, "train")]
    end = min((at for at in trains if at > position(call)), default=(1 << 30, 0))
    if any(
        a.attr in _GRADIENTS and position(call) < position(a) < end for a in inside[ast.Attribute]
    ):
        return
    for run in inside[ast.Call]:
        later = position(call) < position(run) < end
        if later and run.args and file.dotted(run.func) == name:
            if not is_under_no_grad(file, run):
                yield rule.at(run, model=name or "model")
            return


def _method(file: File, call: ast.Call) -> tuple[str | None, str]:
    match call.func:
        case ast.Attribute(value=owner, attr=attr):
            return file.dotted(owner), attr
    return None, ""


def is_module_method(file: File, node: ast.AST) -> bool:
    cls = file.method_class(node)
    return cls is not None and lineage(file, cls).is_torch_module


def is_under_no_grad(file: File, node: ast.AST) -> bool:
    """Whether a `with` or a decorator around a node, in its function, turns gradients off."""
    for above in file.ancestors(node):
        if isinstance(above, ast.With):
            if any(turns_off_gradients(file, item.context_expr) for item in above.items):
                return True
        elif isinstance(above, FUNCTIONS):
            return any(turns_off_gradients(file, item) for item in above.decorator_list)
    return False


@remembered
def is_held_off(file: File, scope: ast.AST) -> bool:
    """Whether gradients are off for the whole file, or wherever the file calls the function."""
    if "set_grad_enabled" in file.calls_by_name:
        return True
    calls = calls_of(file, scope) if isinstance(scope, FUNCTIONS) else []
    return bool(calls) and all(is_under_no_grad(file, call) for call in calls)
