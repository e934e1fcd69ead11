"""The learning rate of a torch optimizer set as an attribute.

## Why

SILENT. A torch optimizer keeps its rates in `param_groups`; `optimizer.lr = 0.001` adds an
attribute that nobody reads. Measured on torch 2.13: the step after it is as large as before, 0.1000
where 0.0010 is asked for. `optimizer.lr *= 0.1` and `optimizer.param_groups["lr"]` are LOUD.

## Bad

```python
import torch

weight = torch.nn.Parameter(torch.zeros(1))
optimizer = torch.optim.SGD([weight], lr=0.1)
optimizer.lr = 0.001  # XFR411
weight.sum().backward()
optimizer.step()
moved = -weight.item()
```

## Good

```python
import torch

weight = torch.nn.Parameter(torch.zeros(1))
optimizer = torch.optim.SGD([weight], lr=0.1)
for group in optimizer.param_groups:
    group["lr"] = 0.001
weight.sum().backward()
optimizer.step()
moved = -weight.item()
```

## When it stays quiet

- Optimizers of the project's own classes, which may read the attribute, and values whose class
  cannot be seen.

## Fix

Set it in every group, or use a scheduler of `torch.optim.lr_scheduler`.

## Seen at run time

`parity`: `curve`, from the step on where the rate should have changed.

## References

- https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.things import imports_torch
from ...objects.optimizers import TORCH, is_made_by
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.walk import File

rule = Rule(
    __name__,
    name="learning-rate-attribute-on-torch",
    message='torch reads no {name} (SILENT); set g["lr"] for g in {optimizer}.param_groups',
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)
NO_ATTRIBUTE = 'torch optimizers have no {name}; set g["lr"] for g in {optimizer}.param_groups'
A_LIST = "param_groups is a list; write for g in {target}: g[{key}] = ..."

_NAMES = ("lr", "learning_rate")


@rule.node(ast.Assign, where=imports_torch)
def check_assignment(file: File, node: ast.Assign) -> Iterator[Finding]:
    for target in node.targets:
        if isinstance(target, ast.Attribute):
            if target.attr in _NAMES and is_made_by(file, target.value, TORCH):
                shown = ast.unparse(target.value)
                yield rule.at(node, name=target.attr, optimizer=shown)
        elif isinstance(target, ast.Subscript):
            yield from subscript(file, target)


@rule.node(ast.AugAssign, where=imports_torch)
def check_change(file: File, node: ast.AugAssign) -> Iterator[Finding]:
    target = node.target
    if not isinstance(target, ast.Attribute) or target.attr not in _NAMES:
        return
    if is_made_by(file, target.value, TORCH) and not expects_error(file, node):
        shown = ast.unparse(target.value)
        yield rule.at(node, NO_ATTRIBUTE, name=target.attr, optimizer=shown)


def subscript(file: File, target: ast.Subscript) -> Iterator[Finding]:
    """`optimizer.param_groups["lr"] = ...`: a list has no such place."""
    match target:
        case ast.Subscript(value=ast.Attribute(attr="param_groups") as groups, slice=key):
            named = isinstance(key, ast.Constant) and isinstance(key.value, str)
            if named and imports_torch(file) and not expects_error(file, target):
                yield rule.at(target, A_LIST, target=ast.unparse(groups), key=ast.unparse(key))
