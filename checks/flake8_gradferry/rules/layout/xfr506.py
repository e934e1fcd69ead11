"""Weights behind a Flatten copied by a plain transposition.

## Why

SILENT. torch flattens images as (channels, rows, columns), Keras as (rows, columns, channels). The
weight of the linear layer behind the Flatten has one column for each of these places, in that
order; transposed alone, each weight meets another pixel. Measured on torch 2.13 and Keras 3.15:
outputs off by 12, nothing when the rows are put in order first.

## Bad

```python
import keras
from torch import nn

torch_net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3))
dense = keras.layers.Dense(3)
keras_net = keras.Sequential(
    [keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), dense]
)


def copy_weights(conv, fc):
    kernel = conv.weight.detach().numpy().transpose(2, 3, 1, 0)
    keras_net.layers[0].set_weights([kernel, conv.bias.detach().numpy()])
    dense.set_weights([fc.weight.detach().numpy().T, fc.bias.detach().numpy()])  # XFR506


copy_weights(torch_net[0], torch_net[2])
```

## Good

```python
import keras
from torch import nn

torch_net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3))
dense = keras.layers.Dense(3)
keras_net = keras.Sequential(
    [keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), dense]
)


def copy_weights(conv, fc):
    kernel = conv.weight.detach().numpy().transpose(2, 3, 1, 0)
    keras_net.layers[0].set_weights([kernel, conv.bias.detach().numpy()])
    kernel = fc.weight.detach().numpy().reshape(3, 2, 2, 2).transpose(2, 3, 1, 0)
    dense.set_weights([kernel.reshape(8, 3), fc.bias.detach().numpy()])


copy_weights(torch_net[0], torch_net[2])
```

## When it stays quiet

- The dense layer does not read a flattened image as far as can be seen: global pooling, another
  dense layer before it.
- The weight was reshaped on its way.

## Fix

`w.reshape(out, C, H, W).permute(2, 3, 1, 0).reshape(H * W * C, out)` to Keras, the reverse to
torch.

## Seen at run time

`parity(..., weights="own")`: `weights`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.copies import Copy, follows_flatten, layer_named, weight_copies
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="flatten-order",
    message="{layer} follows Flatten, whose order differs (SILENT); reorder to (H, W, C) first",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)

TO_TORCH = "{layer} follows Flatten, whose order differs (SILENT); reorder to (C, H, W) first"


@rule.node(ast.Module)
def check(file: File, _: ast.Module) -> Iterator[Finding]:
    for copy in weight_copies(file):
        yield from judge(file, copy)


def judge(file: File, copy: Copy) -> Iterator[Finding]:
    source = copy.arrays[0] if copy.arrays else None
    if source is None or source.framework == copy.framework:
        return
    if source.part not in ("weight", "kernel") or source.order != ():
        return
    layer = layer_named(file, copy.target)
    if layer is None or layer.name not in ("keras.layers.Dense", "torch.nn.Linear"):
        return
    if follows_flatten(layer):
        message = rule.message if copy.framework == "keras" else TO_TORCH
        yield rule.at(copy.call, message, layer=ast.unparse(copy.target))
