"""`nn.PixelShuffle` ported as `tf.nn.depth_to_space`, whose channels stand in another order.

## Why

SILENT. `nn.PixelShuffle(r)` takes the channels of one output channel side by side,
`tf.nn.depth_to_space` those of one output pixel. With weights carried over, colours and pixels are
mixed. Measured on torch 2.13 and TensorFlow 2.21: 3 output channels, off by 3.7; with one output
channel they are equal.

## Bad

```python
import keras
import tensorflow as tf
from torch import nn


def torch_upscaler():
    return nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))


def tf_upscaler():
    conv = keras.layers.Conv2D(12, 3, padding="same")
    return conv, lambda x: tf.nn.depth_to_space(conv(x), 2)  # XFR514
```

## Good

```python
import keras
import tensorflow as tf
from torch import nn


def torch_upscaler():
    return nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))


def shuffle(x, r):
    n, h, w, c = x.shape
    grouped = tf.reshape(x, (n, h, w, c // r**2, r * r))
    return tf.nn.depth_to_space(tf.reshape(tf.transpose(grouped, (0, 1, 2, 4, 3)), x.shape), r)


def tf_upscaler():
    conv = keras.layers.Conv2D(12, 3, padding="same")
    return conv, lambda x: shuffle(conv(x), 2)
```

## When it stays quiet

- Only one of the two is in sight (XFR502 says what is taken for a pair).
- There is one output channel, or the number of channels before it cannot be seen.

## Fix

Reorder the channels before `tf.nn.depth_to_space`, or the filters of the convolution before it when
the weights are carried over. A model trained from scratch is not harmed.

## Seen at run time

`parity`: `forward-eval`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.ports import Part, odd_one_out, parts
from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value
from ...source.values import constant
from ...source.walk import File

rule = Rule(
    __name__,
    name="pixel-shuffle-order",
    message="depth_to_space orders channels otherwise than PixelShuffle (SILENT); reorder them",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)

_TORCH = {"torch.nn.PixelShuffle": 0, "torch.nn.functional.pixel_shuffle": 1}
_SHUFFLES = (*_TORCH, "tensorflow.nn.depth_to_space")


@rule.call(*_SHUFFLES)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    if odd_one_out(file, call, _SHUFFLES.__contains__, differ) is not None:
        yield rule.at(call)


def differ(in_torch: Part, in_keras: Part) -> bool | None:
    """Whether more than one channel comes out, by the convolution before it in torch."""
    factor = argument(in_torch.call, "upscale_factor", _TORCH[in_torch.name])
    ratio = constant(Value(in_torch.file, factor)) if factor is not None else None
    root = in_torch.root
    before = [
        part
        for part in (parts(in_torch.file, root) if root is not None else ())
        if part.name == "torch.nn.Conv2d"
    ]
    if not before or not isinstance(ratio, int):
        return None
    channels = argument(before[-1].call, "out_channels", 1)
    count = constant(Value(in_torch.file, channels)) if channels is not None else None
    return count > ratio**2 if isinstance(count, int) else None
