"""A flatten that takes the batch axis along, before a linear layer.

## Why

LOUD, and SILENT for a batch of one. Keras' `Flatten` keeps the batch axis. `torch.flatten(x)`,
`x.flatten()` and `x.view(-1)` flatten everything into one row. Measured on torch 2.13:
`nn.Linear(48, 10)(torch.flatten(torch.ones(2, 3, 4, 4)))` raises `RuntimeError: mat1 and mat2
shapes cannot be multiplied (1x96 and 48x10)`; tried with one image it works. The reverse: Keras'
`Reshape` never touches the batch, and a -1 written for it makes an axis of its own, (8, 1, 784) of
8 images.

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.fc = nn.Linear(48, 10)

    def forward(self, x):
        x = torch.flatten(self.conv(x))  # XFR516
        return self.fc(x)


net = Net()
```

```python
import keras

pixels = keras.Sequential(
    [
        keras.Input((28, 28)),
        keras.layers.Reshape((-1, 784)),  # XFR516
    ]
)
```

## Good

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.fc = nn.Linear(48, 10)

    def forward(self, x):
        x = torch.flatten(self.conv(x), 1)
        return self.fc(x)


net = Net()
```

```python
import keras

pixels = keras.Sequential([keras.Input((28, 28)), keras.layers.Reshape((784,))])
```

## When it stays quiet

- A `Reshape` whose input shape cannot be seen, or whose -1 stands for more than one.
- What is flattened does not go into an `nn.Linear` (labels, losses, one score for each sample).
- What is flattened is not seen to come from a convolution, pooling or batch norm, or the file adds
  a batch axis to single samples (`unsqueeze(0)`).

## Fix

`torch.flatten(x, 1)` or `nn.Flatten()`.

## Seen at run time

The first batch raises.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.flatten.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from math import prod

from ...layout.axes import POINTWISE, applied, integer, leading, readers
from ...model.models import steps, within
from ...model.modes import argument
from ...model.rows import feeders, input_shape
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage
from ...source.walk import File, remembered

rule = Rule(
    __name__,
    name="flatten-drops-batch",
    message="{value} is flattened with its batch axis; write torch.flatten({value}, 1)",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

RESHAPE = "Reshape's -1 is no batch but an axis more (SILENT); write Reshape(({sizes},))"
_BATCHED = tuple(
    f"torch.nn.{name}"
    for name in "AdaptiveAvgPool AdaptiveMaxPool AvgPool BatchNorm Conv MaxPool".split()
)
_POOLED = re.compile(r"torch\.nn\.functional\.(conv|((adaptive_)?(max|avg)_pool))\dd")


@rule.call("torch.flatten")
def check_function(file: File, call: ast.Call) -> Iterator[Finding]:
    if len(call.args) == 1 and not call.keywords:
        yield from judge(file, call, call.args[0])


@rule.method("flatten", "view", "reshape")
def check_method(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    match call.func.attr, call.args:
        case "flatten", []:
            pass
        case "view" | "reshape", [whole] if integer(whole) == -1:
            pass
        case _:
            return
    if not call.keywords and file.qualified(call.func) is None:
        yield from judge(file, call, call.func.value)


@rule.call("keras.layers.Reshape")
def check_reshape(file: File, maker: ast.Call) -> Iterator[Finding]:
    sizes = numbers(argument(maker, "target_shape", 0))
    if sizes is None or len(sizes) < 2 or sizes[0] != -1 or -1 in sizes[1:]:
        return
    shapes = [argument(maker, "input_shape", None)]
    shapes += (input_shape(step) for step in feeders(file, maker))
    known = [numbers(shape) for shape in shapes if shape is not None]
    if known and all(given is not None and prod(given) == prod(sizes[1:]) for given in known):
        yield rule.at(maker, RESHAPE, sizes=", ".join(map(str, sizes[1:])))


def numbers(node: ast.expr | None) -> list[int] | None:
    """The sizes of a shape, where all are written as numbers."""
    if not isinstance(node, ast.Tuple | ast.List):
        return None
    found = [integer(size) for size in node.elts]
    known = [size for size in found if size is not None]
    return known if len(known) == len(found) else None


def judge(file: File, call: ast.Call, value: ast.expr) -> Iterator[Finding]:
    function, cls = file.function(call), file.method_class(call)
    if function is None or cls is None or function.name != "forward":
        return
    if not lineage(file, cls).is_torch_module or takes_single_samples(file):
        return
    if feeds_linear(file, call) and batched(file, value):
        yield rule.at(call, value=file.dotted(value) or "x")


@remembered
def takes_single_samples(file: File) -> bool:
    """Whether a batch axis is added somewhere: then one sample at a time may be meant."""
    return any(
        isinstance(call.func, ast.Attribute) and [integer(a) for a in call.args[-1:]] == [0]
        for call in file.calls_by_name.get("unsqueeze", ())
    )


def feeds_linear(file: File, call: ast.Call) -> bool:
    """Whether a linear layer, or a stack that begins with one, reads what a call gives."""
    for held, around in readers(file, call):
        if isinstance(around, ast.Call) and held in around.args[:1]:
            layer = applied(file, around)
            if layer is None:
                continue
            if layer.name == "torch.nn.Linear":
                return True
            if layer.name == "torch.nn.Sequential":
                first = [step.layers for step in steps(layer)]
                names = [found[0].name for found in first if len(found) == 1]
                if [name for name in names if name not in POINTWISE][:1] == ["torch.nn.Linear"]:
                    return True
    return False


def batched(file: File, value: ast.expr) -> bool:
    """Whether a value comes out of layers for batches of images or signals."""
    for origin in leading(file, value):
        if not isinstance(origin.node, ast.Call) or origin.path:
            return False
        if _POOLED.fullmatch(origin.file.qualified(origin.node.func) or ""):
            continue
        layer = applied(origin.file, origin.node)
        if layer is None or not any(one.name.startswith(_BATCHED) for one in within(layer)):
            return False
    return True
