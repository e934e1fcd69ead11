"""A padded max pooling ported with `padding="same"` for `padding=1`, or the reverse.

## Why

SILENT. `nn.MaxPool2d(3, stride=2, padding=1)`, the one after a ResNet's first convolution, pads
both ends. Keras' "same" pads what the stride leaves over: nothing before and one pixel after for an
even size. The shapes fit, but every window is shifted by a pixel. Measured on torch 2.13 and Keras
3.15: input size 32, outputs off by 2.5; at size 33 they are equal.

## Bad

```python
import keras
from torch import nn


def build_torch():
    return nn.MaxPool2d(3, stride=2, padding=1)


def build_keras():
    return keras.layers.MaxPooling2D(3, strides=2, padding="same")  # XFR503
```

## Good

```python
import keras
import tensorflow as tf
from torch import nn


def build_torch():
    return nn.MaxPool2d(3, stride=2, padding=1)


def build_keras():
    pool = keras.layers.MaxPooling2D(3, strides=2)

    def padded(x):
        return pool(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=-float("inf")))

    return padded
```

## When it stays quiet

- Only one of the two models is in sight (XFR502 says what is taken for a pair), or some counterpart
  has the same padding.
- The stride is 1, or the window is such that both pad alike (`MaxPool2d(2)`).

## Fix

Keras: pad with -inf before a "valid" pooling; after a ReLU `ZeroPadding2D(1)` does as well.

## Seen at run time

`parity`: `settings` and `forward-eval`; try even sizes.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.windows import even_padding, pads_otherwise, twin_of
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="padded-max-pool",
    message='"same" is not padding={amount} at stride {stride} (SILENT: shifted); pad with -inf',
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)


@rule.call("keras.layers.MaxPooling1D", "keras.layers.MaxPooling2D", "keras.layers.MaxPooling3D")
@rule.call("keras.layers.MaxPool1D", "keras.layers.MaxPool2D", "keras.layers.MaxPool3D")
@rule.call("torch.nn.functional.max_pool1d", "torch.nn.functional.max_pool2d")
@rule.call("tensorflow.nn.max_pool1d", "tensorflow.nn.max_pool2d")
@rule.call("torch.nn.MaxPool1d", "torch.nn.MaxPool2d", "torch.nn.MaxPool3d")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    found = twin_of(file, call, pads_otherwise)
    if found is not None:
        mine, twin = found
        amount, stride = str(even_padding(mine, twin)), str(mine.stride)
        yield rule.at(call, amount=amount, stride=stride)
