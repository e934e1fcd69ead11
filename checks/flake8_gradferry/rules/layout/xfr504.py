"""A padded average pooling that counts its padding, ported to one that does not.

## Why

SILENT. `nn.AvgPool2d(3, 1, padding=1)` divides by 9 at the border too, where only 4 or 6 pixels are
real; Keras' "same" divides by the number of real ones. Measured on torch 2.13 and Keras 3.15: the
corner of an image of ones is 0.444 in torch, 1.000 in Keras.

## Bad

```python
import keras
from torch import nn


class TorchBlur(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d(3, stride=1, padding=1)

    def forward(self, x):
        return self.pool(x)


class KerasBlur(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.pool = keras.layers.AveragePooling2D(3, strides=1, padding="same")  # XFR504

    def call(self, x):
        return self.pool(x)
```

## Good

```python
import keras
from torch import nn


class TorchBlur(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)

    def forward(self, x):
        return self.pool(x)


class KerasBlur(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.pool = keras.layers.AveragePooling2D(3, strides=1, padding="same")

    def call(self, x):
        return self.pool(x)
```

## When it stays quiet

- Only one of the two models is in sight (XFR502 says what is taken for a pair), or some counterpart
  agrees.
- `count_include_pad=False`, or no padding.

## Fix

torch: `count_include_pad=False`. Keras: `ZeroPadding2D(1)` and a "valid" pooling.

## Seen at run time

`parity`: `settings` and `forward-eval`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import flag
from ...layout.ports import Part
from ...layout.windows import twin_of, window
from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="padded-average-pool",
    message='torch averages the padding in, Keras not (SILENT); count_include_pad=False or "valid"',
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)


@rule.call("keras.layers.AveragePooling1D", "keras.layers.AveragePooling2D")
@rule.call("keras.layers.AvgPool1D", "keras.layers.AvgPool2D", "keras.layers.AveragePooling3D")
@rule.call("torch.nn.functional.avg_pool1d", "torch.nn.functional.avg_pool2d")
@rule.call("tensorflow.nn.avg_pool1d", "tensorflow.nn.avg_pool2d")
@rule.call("torch.nn.AvgPool1d", "torch.nn.AvgPool2d", "torch.nn.AvgPool3d")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    if twin_of(file, call, averages_otherwise) is not None:
        yield rule.at(call)


def averages_otherwise(in_torch: Part, in_keras: Part) -> bool | None:
    one, other = window(in_torch), window(in_keras)
    if one is None or other is None or one[:2] != other[:2] or isinstance(one.padding, str):
        return None
    if one.padding == 0 or other.padding != "same":
        return False
    place = 5 if ".functional." in in_torch.name else 4
    counted = argument(in_torch.call, "count_include_pad", place)
    if counted is None or flag(in_torch.call, "count_include_pad", place):
        return True
    return False if isinstance(counted, ast.Constant) else None
