"""The same `weight_decay` in optimizers that use it in different ways.

## Why

SILENT. torch's Adam, RMSprop and SGD add `weight_decay * weight` to the gradient, which Adam then
rescales; Keras' take `learning_rate * weight_decay * weight` off the weight, as AdamW does.
Measured with 0.1 over 50 steps from 1.0 on torch 2.13 and Keras 3.15: Adam 0.523 against 0.463, SGD
with momentum 0.466 against 0.750, RMSprop -0.057 against 0.376. AdamW is the same in both, but for
its default: 0.01 in torch, 0.004 in Keras.

## Bad

```python
import keras
import torch


def torch_weight(steps=50):
    weight = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    optimizer = torch.optim.Adam([weight], lr=0.01, weight_decay=0.1)  # XFR416
    for _ in range(steps):
        optimizer.zero_grad()
        (0.05 * weight).sum().backward()
        optimizer.step()
    return weight.item()


def keras_weight(steps=50):
    weight = keras.Variable([1.0])
    optimizer = keras.optimizers.Adam(0.01, weight_decay=0.1)
    for _ in range(steps):
        optimizer.apply([keras.ops.convert_to_tensor([0.05])], [weight])
    return float(weight[0])


apart = abs(torch_weight() - keras_weight())
```

```python
import keras
import torch

weight = torch.nn.Parameter(torch.ones(1))
one = torch.optim.AdamW([weight], lr=0.01)
other = keras.optimizers.AdamW(learning_rate=0.01)  # XFR416
```

## Good

```python
import keras
import torch


def torch_weight(steps=50):
    weight = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    optimizer = torch.optim.AdamW([weight], lr=0.01, weight_decay=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        (0.05 * weight).sum().backward()
        optimizer.step()
    return weight.item()


def keras_weight(steps=50):
    weight = keras.Variable([1.0])
    optimizer = keras.optimizers.Adam(0.01, weight_decay=0.1)
    for _ in range(steps):
        optimizer.apply([keras.ops.convert_to_tensor([0.05])], [weight])
    return float(weight[0])


apart = abs(torch_weight() - keras_weight())
```

```python
import keras
import torch

weight = torch.nn.Parameter(torch.ones(1))
one = torch.optim.AdamW([weight], lr=0.01, weight_decay=0.01)
other = keras.optimizers.AdamW(learning_rate=0.01, weight_decay=0.01)
```

## When it stays quiet

- Files with one framework's optimizer alone, unless its own name says AdamW:
  `adamw = torch.optim.Adam(...)`.
- Different numbers, `decoupled_weight_decay=True`, torch's SGD without momentum: there both are
  the same.

## Fix

torch's AdamW is Keras' Adam or AdamW. For torch's SGD with momentum use
`keras.regularizers.L2(weight_decay / 2)` on the weights.

## Seen at run time

`parity`: `one-step` and `curve`, with the users' own optimizers as a pair.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
- https://keras.io/api/optimizers/adamw/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import Arguments, arguments, last_name, made_in, number, settled
from ...source.walk import File

rule = Rule(
    __name__,
    name="coupled-weight-decay",
    message="torch's {torch} couples weight_decay, Keras' does not (SILENT); {right}",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)
NAMED = "{name} is torch's Adam: its weight_decay is not decoupled (SILENT); write AdamW"
DEFAULT = "weight_decay is 0.004 in Keras' AdamW, 0.01 in torch's (SILENT); write it in both"

# torch's optimizer -> those of Keras that it may be ported to or from.
_COUPLED = {
    "Adam": ("Adam", "AdamW"),
    "NAdam": ("Nadam",),
    "RMSprop": ("RMSprop",),
    "Adagrad": ("Adagrad",),
    "Adadelta": ("Adadelta",),
    "Adamax": ("Adamax",),
    "SGD": ("SGD",),
}


@rule.call(*(f"torch.optim.{name}" for name in _COUPLED))
def check_coupled(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    if made is None or not is_coupled(file, made):
        return
    decay = number(file, made.given.get("weight_decay"))
    twins = [
        other
        for name in _COUPLED[made.cls]
        for _, other in made_in(file, f"keras.optimizers.{name}")
        if decay and number(file, other.given.get("weight_decay")) == decay
    ]
    if twins:
        right = "write AdamW" if made.cls == "Adam" else "use regularizers.L2"
        yield rule.at(call, torch=made.cls, right=right)
    elif made.cls == "Adam" and (name := named_adamw(file, call)):
        yield rule.at(call, NAMED, name=name)


@rule.call("keras.optimizers.AdamW")
def check_default(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    if made is None or not made.leaves_out("weight_decay"):
        return
    others = made_in(file, "torch.optim.AdamW")
    if others and all(other.leaves_out("weight_decay") for _, other in others):
        yield rule.at(call, DEFAULT)


def is_coupled(file: File, made: Arguments) -> bool:
    """Whether a torch optimizer surely adds weight decay to the gradient, with an effect."""
    if "weight_decay" not in made.given or "decoupled_weight_decay" in made.given:
        return False
    if made.cls == "SGD":
        momentum = made.given.get("momentum")
        return momentum is not None and settled(file, momentum) not in (0, 0.0)
    return number(file, made.given["weight_decay"]) != 0


def named_adamw(file: File, call: ast.Call) -> str:
    """The name that promises AdamW: a variable, or a key of a table."""
    match file.parent(call):
        case ast.Assign(targets=[target]) if "adamw" in last_name(target).lower():
            return ast.unparse(target)
        case ast.Dict(keys=keys, values=values):
            key = keys[values.index(call)]
            if isinstance(key, ast.Constant) and str(key.value).lower() == "adamw":
                return ast.unparse(key)
    return ""
