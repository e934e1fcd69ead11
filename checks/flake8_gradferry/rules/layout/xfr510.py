"""A norm or concatenation on the last axis of channels-first images.

## Why

SILENT. `data_format="channels_first"` tells one layer. `BatchNormalization` and `Concatenate` do
not know of it, take the last axis for the channels, and that is the width. Measured on Keras 3.15:
for 4 channels of 6 by 6 pixels gamma has 6 entries, not 4.

## Bad

```python
import keras

inputs = keras.Input((3, 8, 8))
x = keras.layers.Conv2D(4, 3, data_format="channels_first")(inputs)
norm = keras.layers.BatchNormalization()  # XFR510
outputs = norm(x)
```

## Good

```python
import keras

inputs = keras.Input((3, 8, 8))
x = keras.layers.Conv2D(4, 3, data_format="channels_first")(inputs)
norm = keras.layers.BatchNormalization(axis=1)
outputs = norm(x)
```

## When it stays quiet

- The axis is given, whatever it is.
- What feeds the layer cannot be seen, or was not told `channels_first`.

## Fix

`axis=1`, or leave everything channels last, as TensorFlow prefers.

## Seen at run time

`parity`: `structure` (shapes of the weights) and `forward-train`.

## References

- https://keras.io/api/layers/normalization_layers/batch_normalization/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import flag
from ...layout.image_format import CHANNELS_FIRST, image_format
from ...model.modes import argument
from ...model.rows import Step, feeders
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="channels-first-mixed",
    message="{layer} works on the width of channels-first images (SILENT); pass axis=1",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
)

_IMAGES = tuple(
    f"keras.layers.{name}"
    for name in ("AveragePooling", "AvgPool", "Conv", "DepthwiseConv", "MaxPool", "SeparableConv")
)
_AXIS = {"GroupNormalization": 1}


@rule.call("keras.layers.BatchNormalization", "keras.layers.GroupNormalization")
@rule.call("keras.layers.Concatenate")
def check(file: File, maker: ast.Call) -> Iterator[Finding]:
    layer = (file.qualified(maker.func) or "").rpartition(".")[2]
    if argument(maker, "axis", _AXIS.get(layer, 0)) is not None:
        return
    if flag(maker, "axis", None) is None:
        return  # `**options`
    found = feeders(file, maker)
    if found and all(is_channels_first(step) for step in found):
        yield rule.at(maker, layer=layer)


def is_channels_first(step: Step) -> bool:
    return step.name.startswith(_IMAGES) and image_format(step.file, step.node) == CHANNELS_FIRST
