"""Keras' L2 factor used as torch's weight decay.

## Why

SILENT. `keras.regularizers.L2(c)` adds `c * w ** 2` to the loss, whose gradient is `2 * c * w`;
torch's `weight_decay=c` adds `c * w`. The same number regularises half as much. Measured for 0.1 at
a weight of 2: 0.40 in Keras, 0.20 in torch. Besides, Keras' factor is for the weights it is
given to, torch's for all parameters of the group, biases and norm layers included.

## Bad

```python
import keras
import torch

layer = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.1))
layer.build((None, 1))
layer.kernel.assign([[2.0]])
keras_gradient = float(layer.losses[0]) / 2.0 * 2  # of c * w ** 2
weight = torch.nn.Parameter(torch.tensor([2.0]))
optimizer = torch.optim.SGD([weight], lr=1.0, weight_decay=0.1)  # XFR417
weight.grad = torch.zeros(1)
optimizer.step()
torch_gradient = 2.0 - weight.item()
```

## Good

```python
import keras
import torch

layer = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.1))
layer.build((None, 1))
layer.kernel.assign([[2.0]])
keras_gradient = float(layer.losses[0]) / 2.0 * 2  # of c * w ** 2
weight = torch.nn.Parameter(torch.tensor([2.0]))
optimizer = torch.optim.SGD([weight], lr=1.0, weight_decay=0.2)
weight.grad = torch.zeros(1)
optimizer.step()
torch_gradient = 2.0 - weight.item()
```

## When it stays quiet

- Files without both sides, different numbers, numbers that are not settled in the source.
- torch's AdamW, whose decay is something else (XFR416).

## Fix

Write twice the factor, for the weights that have it:
`[{"params": kernels, "weight_decay": 2 * c}, {"params": rest, "weight_decay": 0.0}]`.

## Seen at run time

`parity`: `gradients`, which count `model.losses` on Keras' side, and `curve`.

## References

- https://keras.io/api/layers/regularizers/
- https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import arguments, number
from ...source.walk import File

rule = Rule(
    __name__,
    name="l2-as-weight-decay",
    message="weight_decay={value} is half of Keras' L2({value}) (SILENT); write {right}",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)

_REGULARIZERS = ("L2", "L1L2")


@rule.call(*(f"torch.optim.{name}" for name in "SGD Adam RMSprop Adagrad Adadelta NAdam".split()))
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    decay = number(file, made.given.get("weight_decay")) if made is not None else None
    if decay and decay in factors(file):
        yield rule.at(call, value=f"{decay:g}", right=f"{2 * decay:g}")


def factors(file: File) -> set[float | None]:
    """The L2 factors of Keras that a file writes down."""
    found: set[float | None] = set()
    for word in ("L2", "l2", "L1L2", "l1_l2"):
        for call in file.calls_by_name.get(word, ()):
            made = arguments(file, call)
            if made is not None and made.name.rpartition(".")[2] in _REGULARIZERS:
                found.add(number(file, made.given.get("l2")))
    return found - {None}
