"""Losses or outputs copied into a new tensor on the way to `backward()`.

## Why

SILENT where another term keeps its graph: `torch.tensor([a, b])` copies the numbers, and whatever
made them gets no gradient. (In TensorFlow `tf.stack([a, b])` and a plain list both stay on the
tape.) Measured on the program below: the second model never moves; with `torch.stack` both do.
LOUD where nothing else is left: "element 0 of tensors does not require grad".

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
first, second = nn.Linear(4, 1), nn.Linear(4, 1)
optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=0.1)
before = second.weight.detach().clone()

for step in range(5):
    optimizer.zero_grad()
    first_loss = nn.functional.mse_loss(first(x), y)
    second_loss = nn.functional.mse_loss(second(x), y)
    both = torch.tensor([first_loss, second_loss])  # XFR221
    loss = both.sum() + first_loss
    loss.backward()
    optimizer.step()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
first, second = nn.Linear(4, 1), nn.Linear(4, 1)
optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=0.1)
before = second.weight.detach().clone()

for step in range(5):
    optimizer.zero_grad()
    first_loss = nn.functional.mse_loss(first(x), y)
    second_loss = nn.functional.mse_loss(second(x), y)
    both = torch.stack([first_loss, second_loss])
    loss = both.sum() + first_loss
    loss.backward()
    optimizer.step()
```

## When it stays quiet

- What is copied are targets, rewards or weights, or was detached by name: only losses, and outputs
  without any other way to the weights, are looked at.
- The copy is not seen to reach a `backward()`.

## Fix

`torch.stack([...])` or `torch.cat([...])`; arithmetic instead of `torch.from_numpy(... .numpy())`.

## Seen at run time

`training_smoke`: `gradients` (each trainable weight gets one).

## References

- https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.graph import (
    COPIES,
    backward_calls,
    becomes_leaf,
    cuts,
    is_loss_call,
    loss_of,
    makes_leaf,
    terms,
    trails,
)
from ...loop.things import is_foreign
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="graph-broken-midway",
    message="{copy}() copies values, not their graph (SILENT: no gradients); use torch.stack()",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)


@rule.call(*sorted(COPIES))
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    if not call.args or makes_leaf(call) or not backward_calls(file) or is_foreign(file):
        return
    losses = [loss for each in backward_calls(file) if (loss := loss_of(each)) is not None]
    function = file.function(call)
    losses = [loss for loss in losses if file.function(loss) is function]
    copied = holds_losses(file, call.args[0])
    for loss in losses:
        if becomes_leaf(file, loss):
            continue
        if call in cuts(file, loss) or (copied and is_term(file, loss, call)):
            yield rule.at(call, copy=ast.unparse(call.func))
            return


def holds_losses(file: File, given: ast.expr) -> bool:
    """Whether what is copied are losses, each with its graph."""
    items = given.elts if isinstance(given, ast.List | ast.Tuple) else [given]
    return any(
        isinstance(term.node, ast.Call) and is_loss_call(term.file, term.node)
        for item in items
        for term in terms(file, item)
    )


def is_term(file: File, loss: ast.expr, call: ast.Call) -> bool:
    """Whether a copy is part of what is backpropagated."""
    return any(trail.cut is call for trail in trails(file, loss))
