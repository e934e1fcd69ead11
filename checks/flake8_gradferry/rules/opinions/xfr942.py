"""A softmax that leaves its dimension to torch's guess.

## Why

SILENT. Without `dim`, torch takes dimension 0 of a tensor with one or three dimensions and
dimension 1 of any other, and warns; Keras takes the last axis. For two dimensions both mean the
same, so this is a hint: it holds until the shape changes. Measured on torch 2.13: the outputs below
sum to 1 over the last axis for two dimensions, and do not for three.

## Bad

```python
import torch
import torch.nn.functional as F


def probabilities(logits):
    return F.softmax(logits)  # XFR942


two, three = probabilities(torch.randn(2, 4)), probabilities(torch.randn(2, 3, 4))
```

## Good

```python
import torch
import torch.nn.functional as F


def probabilities(logits):
    return F.softmax(logits, dim=-1)


two, three = probabilities(torch.randn(2, 4)), probabilities(torch.randn(2, 3, 4))
```

## When it stays quiet

- `dim` is given, by keyword or position.
- Three or more dimensions are seen: XFR607 says so.

## Fix

Write `dim=-1` for the last axis, `dim=1` for the channels of images.

## Seen at run time

torch warns: "Implicit dimension choice for softmax has been deprecated".

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.softmaxes import FUNCTIONS, MODULES, gives_dim, rank, runs_of
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="softmax-guesses-dim",
    message="{function} without dim guesses the dimension from the shape; pass dim=-1",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="keras->torch",
)


@rule.call(*FUNCTIONS)
def check_function(file: File, call: ast.Call) -> Iterator[Finding]:
    if call.args and not gives_dim(call, 1) and (rank(file, call.args[0]) or 0) < 3:
        yield rule.at(call, function=file.dotted(call.func) or "softmax")


@rule.call(*MODULES)
def check_module(file: File, made: ast.Call) -> Iterator[Finding]:
    if gives_dim(made, 0):
        return
    if not any((rank(file, run.args[0]) or 0) > 2 for run in runs_of(file, made)):
        yield rule.at(made, function=file.dotted(made.func) or "Softmax")
