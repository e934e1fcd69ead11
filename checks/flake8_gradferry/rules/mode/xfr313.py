"""A context manager that is made and not entered.

## Why

SILENT. `torch.no_grad()`, `torch.inference_mode()` and `torch.autocast(...)` act between `with`
and the end of its block. As a statement of its own the call makes a context manager and throws it
away. In TensorFlow the same holds of `tf.device(...)` and `strategy.scope()`. Measured on
torch 2.13: the output below requires its gradient. Without its parentheses, `with torch.no_grad:`,
it is LOUD: a TypeError.

## Bad

```python
import torch
from torch import nn

model = nn.Linear(4, 2)
torch.no_grad()  # XFR313
out = model(torch.ones(1, 4))
```

```python
import torch
from torch import nn

model = nn.Linear(4, 2)
with torch.no_grad:  # XFR313
    out = model(torch.ones(1, 4))
```

## Good

```python
import torch
from torch import nn

model = nn.Linear(4, 2)
with torch.no_grad():
    out = model(torch.ones(1, 4))
```

```python
import torch
from torch import nn

model = nn.Linear(4, 2)
torch.set_grad_enabled(False)
out = model(torch.ones(1, 4))
torch.set_grad_enabled(True)
```

## When it stays quiet

- `torch.set_grad_enabled(False)`, which acts as a statement too.
- `@torch.no_grad` as a decorator, with and without parentheses: both work.
- A context manager that is kept, returned or handed on.

## Fix

Indent what it is meant for under `with torch.no_grad():`.

## Seen at run time

`training_smoke`: `memory` (what is evaluated keeps its graph).

## References

- https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html
- https://docs.pytorch.org/docs/stable/amp.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins
from ...source.walk import File

rule = Rule(
    __name__,
    name="context-not-entered",
    message="{name}(...) alone does nothing (SILENT); write with {name}(...): around the code",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_CLASS = "{name} is a class, no context (TypeError); write with {name}():"
_CONTEXTS = (
    "torch.no_grad",
    "torch.enable_grad",
    "torch.inference_mode",
    "torch.autocast",
    "torch.amp.autocast",
    "torch.cuda.amp.autocast",
    "torch.cpu.amp.autocast",
    "torch.autograd.detect_anomaly",
    "torch.cuda.device",
    "torch.cuda.stream",
    "tensorflow.device",
    "tensorflow.GradientTape",
    "tensorflow.name_scope",
)
_LAST_NAMES = frozenset(name.rpartition(".")[2] for name in _CONTEXTS)


@rule.call(*_CONTEXTS)
def check_call(file: File, call: ast.Call) -> Iterator[Finding]:
    if isinstance(file.parent(call), ast.Expr):
        yield rule.at(call, name=file.dotted(call.func) or "no_grad")


@rule.method("scope")
def check_scope(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    if isinstance(file.parent(call), ast.Expr) and not call.args:
        made = [origin.callee for origin in origins(file, call.func.value)]
        if made and all(name.startswith("tensorflow.distribute.") for name in made):
            yield rule.at(call, name=file.dotted(call.func) or "scope")


@rule.node(ast.Expr)
def check_name(file: File, statement: ast.Expr) -> Iterator[Finding]:
    node = statement.value
    named = isinstance(node, ast.Attribute) and node.attr in _LAST_NAMES
    if named and file.qualified(node) in _CONTEXTS:
        yield rule.at(node, name=file.dotted(node) or "")


@rule.node(ast.With)
def check_with(file: File, block: ast.With) -> Iterator[Finding]:
    for item in block.items:
        node = item.context_expr
        if isinstance(node, (ast.Name, ast.Attribute)) and file.qualified(node) in _CONTEXTS:
            yield rule.at(node, _CLASS, name=file.dotted(node) or "")
