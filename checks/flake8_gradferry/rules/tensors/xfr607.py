"""A softmax without `dim` over a tensor of three or more dimensions.

## Why

SILENT. Keras' softmax is over the last axis. torch guesses where `dim` is left out: dimension 0 of
a tensor with one or three dimensions, dimension 1 of any other. Attention weights of shape
(batch, queries, keys) are then normalized over the batch. Measured on torch 2.13: the weights of a
query below sum to anything but 1; a warning is all that is said.

## Bad

```python
import torch
import torch.nn.functional as F

torch.manual_seed(0)
queries, keys = torch.randn(2, 4, 8), torch.randn(2, 5, 8)
weights = F.softmax(torch.bmm(queries, keys.transpose(1, 2)))  # XFR607
```

## Good

```python
import torch
import torch.nn.functional as F

torch.manual_seed(0)
queries, keys = torch.randn(2, 4, 8), torch.randn(2, 5, 8)
weights = F.softmax(torch.bmm(queries, keys.transpose(1, 2)), dim=-1)
```

## When it stays quiet

- `dim` is given, by keyword or position.
- The number of dimensions cannot be seen, or is one or two: there the guess is the last one. The
  hint XFR942 speaks of those.

## Fix

Write `dim=-1` for the last axis, `dim=1` for the channels of images.

## Seen at run time

`parity`: `forward-eval`.

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
    name="softmax-without-dim",
    message="{function} of {rank} dimensions guesses dim={guess} (SILENT); pass dim=-1",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.call(*FUNCTIONS)
def check_function(file: File, call: ast.Call) -> Iterator[Finding]:
    if call.args and not gives_dim(call, 1):
        yield from guessed(file, call, call.args[0])


@rule.call(*MODULES)
def check_module(file: File, made: ast.Call) -> Iterator[Finding]:
    if gives_dim(made, 0):
        return
    for run in runs_of(file, made):
        yield from guessed(file, run, run.args[0])


def guessed(file: File, call: ast.Call, given: ast.expr) -> Iterator[Finding]:
    dimensions = rank(file, given)
    if dimensions is not None and dimensions > 2:
        name = file.dotted(call.func) or "softmax"
        guess = "0, the batch" if dimensions == 3 else "1"
        yield rule.at(call, function=name, rank=str(dimensions), guess=guess)
