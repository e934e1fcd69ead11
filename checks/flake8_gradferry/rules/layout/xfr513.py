"""torch's axis numbers used on channels-last images.

## Why

SILENT. torch's images have the channels on axis 1 and the pixels on 2 and 3, Keras' the pixels on 1
and 2 and the channels last. Measured on TensorFlow 2.21: `tf.reduce_mean(x, axis=[2, 3])` of (2, 8,
8, 8) gives (2, 8), one mean for each row; `Concatenate(axis=1)` stacks images below each other, (2,
16, 8, 8).

## Bad

```python
import keras
import tensorflow as tf

conv = keras.layers.Conv2D(8, 3, padding="same")
x = conv(tf.ones((2, 8, 8, 3)))
features = tf.reduce_mean(x, axis=[2, 3])  # XFR513
```

## Good

```python
import keras
import tensorflow as tf

conv = keras.layers.Conv2D(8, 3, padding="same")
x = conv(tf.ones((2, 8, 8, 3)))
features = tf.reduce_mean(x, axis=[1, 2])
```

## When it stays quiet

- The value does not come straight out of a Keras layer for images.
- The file speaks of `channels_first` anywhere.

## Fix

`axis=[1, 2]` for the pixels, `axis=-1` for the channels.

## Seen at run time

`parity`: `forward-eval`.

## References

- https://keras.io/api/layers/convolution_layers/convolution2d/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import applied, integer, pointwise
from ...layout.image_format import image_format
from ...model.modes import argument
from ...model.rows import Step, feeders
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="channels-first-axes",
    message="axis={axis} of channels-last images is not {meant} (SILENT); write axis={right}",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)

_IMAGES = frozenset(
    f"keras.layers.{name}"
    for name in (
        "AveragePooling2D AvgPool2D Conv2D Conv2DTranspose DepthwiseConv2D MaxPool2D MaxPooling2D "
        "SeparableConv2D UpSampling2D"
    ).split()
)
_OVER_PIXELS = [{2, 3}, {-1, -2}, {-2, 3}, {2, -1}]


@rule.call("tensorflow.reduce_mean", "tensorflow.reduce_max", "tensorflow.reduce_sum")
@rule.call("tensorflow.math.reduce_mean", "tensorflow.math.reduce_max", "keras.ops.mean")
@rule.call("keras.ops.max", "keras.ops.sum", "keras.backend.mean", "keras.backend.max")
def check_pool(file: File, call: ast.Call) -> Iterator[Finding]:
    match argument(call, "axis", 1):
        case ast.List(elts=[one, other]) | ast.Tuple(elts=[one, other]):
            axes = {integer(one), integer(other)}
            if axes in _OVER_PIXELS and call.args and is_image(file, call.args[0]):
                axis = f"[{ast.unparse(one)}, {ast.unparse(other)}]"
                yield rule.at(call, axis=axis, meant="the pixels", right="[1, 2]")


@rule.call("tensorflow.concat", "keras.ops.concatenate", "keras.layers.concatenate")
@rule.call("tensorflow.nn.softmax", "keras.ops.softmax", "tensorflow.argmax", "keras.ops.argmax")
def check_channels(file: File, call: ast.Call) -> Iterator[Finding]:
    axis = argument(call, "axis", 1)
    if axis is None or integer(axis) != 1 or not call.args:
        return
    match call.args[0]:
        case ast.List(elts=values) | ast.Tuple(elts=values):
            pass
        case value:
            values = [value]
    if values and all(is_image(file, value) for value in values):
        yield rule.at(call, axis="1", meant="the channels", right="-1")


@rule.call("keras.layers.Concatenate", "keras.layers.BatchNormalization", "keras.layers.Softmax")
def check_layer(file: File, maker: ast.Call) -> Iterator[Finding]:
    axis = argument(maker, "axis", 0)
    if axis is None or integer(axis) != 1:
        return
    found = feeders(file, maker)
    if found and all(is_channels_last(step) for step in found):
        yield rule.at(maker, axis="1", meant="the channels", right="-1")


def is_image(file: File, node: ast.expr) -> bool:
    """Whether a value comes straight out of a Keras layer for images."""
    found = pointwise(file, node)
    for origin in found:
        layer = applied(origin.file, origin.node) if isinstance(origin.node, ast.Call) else None
        if layer is None or origin.path:
            return False
        if not is_channels_last(Step(layer.file, layer.node, layer.name)):
            return False
    return bool(found)


def is_channels_last(step: Step) -> bool:
    return step.name in _IMAGES and image_format(step.file, step.node) == "channels_last"
