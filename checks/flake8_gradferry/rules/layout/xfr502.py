"""A strided convolution ported with `padding="same"` for `padding=1`, or the reverse.

## Why

SILENT. PyTorch's `padding=1` pads both ends. Keras' "same" pads what the stride leaves over, and at
stride 2 an even size gets nothing before and one pixel after: the shapes fit, but every window is
shifted by a pixel. Measured on torch 2.13 and Keras 3.15: equal weights, input size 32, outputs off
by 11; at size 33 they are equal, which hides the mistake from some tests.

## Bad

```python
import keras
from torch import nn

torch_net = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1))
keras_net = keras.Sequential(
    [
        keras.Input((8, 8, 3)),
        keras.layers.Conv2D(4, 3, strides=2, padding="same"),  # XFR502
    ]
)
```

## Good

```python
import keras
from torch import nn

torch_net = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1))
keras_net = keras.Sequential(
    [
        keras.Input((8, 8, 3)),
        keras.layers.ZeroPadding2D(1),
        keras.layers.Conv2D(4, 3, strides=2),
    ]
)
```

## When it stays quiet

- Only one of the two models is in sight. They are taken for a pair if their names are equal but for
  the framework (`TorchNet` and `KerasNet`, `build_torch` and `build_keras`) in one file, or if
  classes of the same name stand in neighbouring files.
- The stride is 1, or the kernel is such that both pad alike (`Conv2d(c, c, 4, stride=2,
  padding=1)`).
- Some counterpart has the same padding.

## Fix

Keras: `ZeroPadding2D(k // 2)` before a "valid" convolution. torch: `nn.ZeroPad2d((0, 1, 0, 1))`
before `padding=0`, for a kernel of 3 at stride 2 and even sizes.

## Seen at run time

`parity`: `settings` and `forward-eval`; try even sizes.

## References

- https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.windows import even_padding, pads_otherwise, twin_of
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="strided-same-padding-port",
    message='"same" is not padding={amount} at stride {stride} (SILENT: shifted); pad explicitly',
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)


@rule.call("keras.layers.Conv1D", "keras.layers.Conv2D", "keras.layers.Conv3D")
@rule.call("torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    found = twin_of(file, call, pads_otherwise)
    if found is not None and found[0].stride > 1:
        mine, twin = found
        amount, stride = str(even_padding(mine, twin)), str(mine.stride)
        yield rule.at(call, amount=amount, stride=stride)
