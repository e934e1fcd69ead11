"""A column of predictions against a vector of targets.

## Why

SILENT. `Dense(1)` and `Linear(n, 1)` give `(N, 1)`; targets out of a table are `(N,)`. A difference
of the two has the shape `(N, N)`: every prediction is compared with every target, and the best
that can be learnt is their mean. torch warns once; `tf.reduce_mean((p - y) ** 2)` says nothing. The
losses of Keras look at the shapes and put it right. Measured: a line of slope 3 ends at a loss of
3.1, and at 0.000 with shapes that agree.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.linspace(-1, 1, 64)
y = 3 * x

model = nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(200):
    optimizer.zero_grad()
    output = model(x.unsqueeze(1))
    loss = nn.functional.mse_loss(output, y)  # XFR909
    loss.backward()
    optimizer.step()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.linspace(-1, 1, 64)
y = 3 * x

model = nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(200):
    optimizer.zero_grad()
    output = model(x.unsqueeze(1))
    loss = nn.functional.mse_loss(output.squeeze(1), y)
    loss.backward()
    optimizer.step()
```

## When it stays quiet

- One of the two shapes is not seen: a reshape on the output, targets from elsewhere. Shapes are
  seldom seen in source, hence off by default.
- Keras' own losses, which squeeze.

## Fix

`output.squeeze(1)`, or `y.unsqueeze(1)` where the data is made.

## Seen at run time

`training_smoke`: `shapes`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.losses import loss_calls
from ...loss.outputs import Kind, value_outputs, width
from ...loss.vectors import is_vector
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value
from ...source.walk import File

rule = Rule(
    __name__,
    name="column-against-vector",
    message="{output} is (N, 1), {target} is (N,): (N, N) differences (SILENT); squeeze one",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="either",
)

_ERRORS = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
_SQUARES = ("square", "pow", "abs")


@rule.node(ast.Module)
def check_losses(file: File, tree: ast.Module) -> Iterator[Finding]:
    for found in loss_calls(file):
        if found.loss.word in _ERRORS and found.target is not None:
            yield from compare(found.call, found.output, found.target)


@rule.call("torch.mean", "tensorflow.reduce_mean", "tensorflow.math.reduce_mean", "keras.ops.mean")
def check_mean(file: File, call: ast.Call) -> Iterator[Finding]:
    if call.args:
        yield from check_error(file, call, call.args[0])


@rule.method("mean")
def check_method(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    yield from check_error(file, call, call.func.value)


def check_error(file: File, call: ast.Call, error: ast.expr) -> Iterator[Finding]:
    """The mean of a squared or absolute difference that is written by hand."""
    match error:
        case ast.BinOp(op=ast.Pow(), left=ast.BinOp(op=ast.Sub(), left=left, right=right)):
            pass
        case ast.Call(
            func=ast.Attribute(attr=word),
            args=[ast.BinOp(op=ast.Sub(), left=left, right=right), *_],
        ) if word in _SQUARES:
            pass
        case _:
            return
    one, other = Value(file, left), Value(file, right)
    yield from compare(call, one, other)
    yield from compare(call, other, one)


def compare(call: ast.Call, output: Value, target: Value) -> Iterator[Finding]:
    found = value_outputs(output)
    column = all(o.kind is Kind.LINEAR and o.last and width(o) == 1 for o in found)
    if column and is_vector(target):
        yield rule.at(call, output=ast.unparse(output.node), target=ast.unparse(target.node))
