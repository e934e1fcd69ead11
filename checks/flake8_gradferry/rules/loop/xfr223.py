"""A gradient penalty whose own gradient is not recorded.

## Why

SILENT. A penalty on a gradient needs the gradient of a gradient. `torch.autograd.grad` keeps its
graph only with `create_graph=True`; a tape's `gradient` is recorded only inside the outer tape's
block. Without that the penalty is a number: the printed loss is right and the weights never see
the term. Measured on torch 2.13: the weights' gradients with and without the penalty are the same.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
critic = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
x = torch.randn(4, 3, requires_grad=True)

score = critic(x)
(slope,) = torch.autograd.grad(score.sum(), x, retain_graph=True)  # XFR223
penalty = ((slope.norm(2, dim=1) - 1) ** 2).mean()
loss = score.mean() + 10 * penalty
loss.backward()
```

```python
import tensorflow as tf

x = tf.Variable(3.0)
with tf.GradientTape() as outer:
    with tf.GradientTape() as inner:
        y = x**3
slope = inner.gradient(y, x)  # XFR223
curvature = outer.gradient(slope, x)
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
critic = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
x = torch.randn(4, 3, requires_grad=True)

score = critic(x)
(slope,) = torch.autograd.grad(score.sum(), x, create_graph=True)
penalty = ((slope.norm(2, dim=1) - 1) ** 2).mean()
loss = score.mean() + 10 * penalty
loss.backward()
```

```python
import tensorflow as tf

x = tf.Variable(3.0)
with tf.GradientTape() as outer:
    with tf.GradientTape() as inner:
        y = x**3
    slope = inner.gradient(y, x)
curvature = outer.gradient(slope, x)
```

## When it stays quiet

- Gradients that make an adversarial example, update weights by hand or are logged.
- Gradients that scale something that does lead to the weights, or that are the fixed side of a
  comparison with a gradient taken with `create_graph=True`.
- `create_graph` is given at all.

## Fix

torch: `create_graph=True`. TensorFlow: take the inner gradient, and compute the penalty, inside the
outer tape's block.

## Seen at run time

`training_smoke`: `gradients` (a penalty on gradients that trains nothing). `parity`: `gradients`
(the reference's hold the penalty's part).

## References

- https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html
- https://www.tensorflow.org/guide/advanced_autodiff#higher-order_gradients
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...loop.torch_terms import grads_alone
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File
from ...tape.recorded import Lost, Why, bound_to, lost
from ...tape.tape_blocks import innermost_tape
from ...tape.tapes import is_gradient_call

rule = Rule(
    __name__,
    name="gradient-penalty-without-graph",
    message="{what} has no graph: its penalty trains nothing (SILENT); pass create_graph=True",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)
OUTSIDE = "{what} is outside {tape}'s block: no gradient of it (SILENT); move it into the with"
_PENALTY = re.compile(r"penalty|(^|_)(gp|r1|r2)($|_)", re.IGNORECASE)


@rule.method("gradient", "jacobian", "batch_jacobian")
def check_tape(file: File, call: ast.Call) -> Iterator[Finding]:
    for found in lost(file, call):
        if is_derivative(found):
            node = found.at.node if found.at.file is file else call
            what = bound_to(found.at.file, found.at.node) or "this"
            yield rule.at(node, OUTSIDE, what=what, tape=found.taken.name)


def is_derivative(found: Lost) -> bool:
    """Whether what ran outside the tape is, or is needed for, the gradient of another tape."""
    at = found.at
    if at.why is not Why.OUTSIDE:
        return False
    if is_gradient_call(at.file, at.node):
        return True
    around = innermost_tape(at.file, at.node)
    return around is not None and around is not found.taken.block


@rule.call("torch.autograd.grad")
def check_grad(file: File, call: ast.Call) -> Iterator[Finding]:
    if len(call.args) > 4 or any(k.arg in ("create_graph", None) for k in call.keywords):
        return
    if any(isinstance(item, ast.Starred) for item in call.args):
        return
    if any(call in grads_alone(file, value) for value in trained_on(file, call)):
        yield rule.at(call, what=bound_to(file, call) or "this gradient")


def trained_on(file: File, call: ast.Call) -> Iterator[ast.expr]:
    """The values of a file that `backward` is called on, and what a penalty function returns."""
    for name in ("backward", "manual_backward"):
        for backward in file.calls_by_name.get(name, ()):
            match backward:
                case ast.Call(args=[loss, *_]):
                    yield loss
                case ast.Call(func=ast.Attribute(value=loss)):
                    yield loss
    function = file.function(call)
    if function is not None and (
        _PENALTY.search(function.name) or function.name == "training_step"
    ):
        for end in file.inside(function, nested=False)[ast.Return]:
            if end.value is not None:
                yield end.value
