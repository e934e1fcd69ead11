"""`padding="same"` where torch has none: with a stride, in pooling, in a transposed convolution.

## Why

LOUD. torch pads a convolution with `padding="same"` only at stride 1
(`ValueError: padding='same' is not supported for strided convolutions`). Its pooling layers take
numbers only and raise when they are called, transposed convolutions too. In Keras `"same"` means
`ceil(size / stride)` with one more row at the far side, which no symmetric padding gives.

## Bad

```python
from torch import nn

conv = nn.Conv2d(3, 8, 3, stride=2, padding="same")  # XFR501
```

```python
import torch
from torch import nn

pool = nn.MaxPool2d(2, padding="same")  # XFR501
y = pool(torch.ones(1, 1, 4, 4))
```

## Good

```python
import torch
from torch import nn

conv = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, 8, 3, stride=2))
y = conv(torch.ones(1, 3, 32, 32))
```

```python
import torch
from torch import nn

pool = nn.MaxPool2d(2, ceil_mode=True)
y = pool(torch.ones(1, 1, 5, 5))
```

## When it stays quiet

- Convolutions with stride 1, or with a stride or padding that is not settled in the source.

## Fix

Pad by hand as Keras does, more at the far side: with an even size `nn.ZeroPad2d((0, 1, 0, 1))` for
a 3 x 3 kernel and stride 2. `MaxPool2d(2, padding="same")` is `MaxPool2d(2, ceil_mode=True)`.

## Seen at run time

torch raises, when the layer is made or when it is called.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
- https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import Arguments, arguments, number, settled
from ...source.guards import expects_error
from ...source.walk import File

rule = Rule(
    __name__,
    name="same-padding-with-stride",
    message='torch\'s {layer} has no padding="same" with stride {stride}; put {right} before it',
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="keras->torch",
)
NUMBERS = 'torch\'s {layer} takes numbers as padding, not "{value}"; write {right}'

_CONVS = [f"torch.nn.{lazy}Conv{rank}d" for lazy in ("", "Lazy") for rank in (1, 2, 3)]
_TRANSPOSED = [f"torch.nn.{lazy}ConvTranspose{n}d" for lazy in ("", "Lazy") for n in (1, 2, 3)]
_POOLS = [f"torch.nn.{kind}Pool{rank}d" for kind in ("Max", "Avg") for rank in (1, 2, 3)]


@rule.call(*_CONVS)
def check_convolution(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    if made is None or padding_of(file, made) != "same":
        return
    stride = made.given.get("stride")
    if stride is None or not is_more_than_one(file, stride) or expects_error(file, call):
        return
    right = f"nn.ZeroPad{made.cls[-2:]}"
    yield rule.at(call, layer=made.cls, stride=ast.unparse(stride), right=right)


@rule.call(*_TRANSPOSED, *_POOLS)
def check_numbers(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    if made is None or not isinstance(value := padding_of(file, made), str):
        return
    if not expects_error(file, call):
        pools = "Pool" in made.cls
        right = "ceil_mode=True" if pools and value.lower() == "same" else "a number"
        yield rule.at(call, NUMBERS, layer=made.cls, value=value, right=right)


def padding_of(file: File, made: Arguments) -> object:
    return settled(file, made.given["padding"]) if "padding" in made.given else ...


def is_more_than_one(file: File, stride: ast.expr) -> bool:
    """Whether some stride surely is not 1."""
    steps = stride.elts if isinstance(stride, ast.Tuple | ast.List) else [stride]
    return any(number(file, step) not in (None, 1) for step in steps)
