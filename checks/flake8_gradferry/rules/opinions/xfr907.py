"""A Keras model told to expect channels-first images.

## Why

SILENT. Keras' convolutions take (height, width, channels). Given torch's (3, 32, 32) they run all
the same, over an image 3 rows high with 32 channels. Measured on Keras 3.15: the kernel of
`Conv2D(16, 3)` is (3, 3, 32, 16), 4,794 weights in the model where 618 are meant.

## Bad

```python
import keras

net = keras.Sequential(
    [
        keras.Input((3, 32, 32)),
        keras.layers.Conv2D(16, 3),  # XFR907
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10),
    ]
)
```

## Good

```python
import keras

net = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        keras.layers.Conv2D(16, 3),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10),
    ]
)
```

## When it stays quiet

- The file speaks of `channels_first` (or of Keras 1's "th").
- The first size is not 1, 3 or 4, or the others are not at least 8.

This is a hint, off unless selected: an image of 3 rows is possible, and `keras.json` can set the
format.

## Fix

`keras.Input((32, 32, 3))`, and transpose the data: `x.transpose(0, 2, 3, 1)`.

## Seen at run time

`parity`: `structure`.

## References

- https://keras.io/api/layers/convolution_layers/convolution2d/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import integer
from ...layout.image_format import image_format
from ...model.modes import argument
from ...model.rows import feeders, input_shape
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="channels-first-input",
    message="{layer} takes {shape} as rows, columns, channels (SILENT); write {right}",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="torch->keras",
)


@rule.call("keras.layers.Conv2D", "keras.layers.MaxPooling2D", "keras.layers.SeparableConv2D")
def check(file: File, maker: ast.Call) -> Iterator[Finding]:
    if image_format(file, maker) != "channels_last":
        return
    for shape in shapes(file, maker):
        match [integer(size) for size in shape]:
            case [1 | 3 | 4 as channels, int(rows), int(columns)] if min(rows, columns) >= 8:
                yield rule.at(
                    maker,
                    layer=ast.unparse(maker.func).rpartition(".")[2],
                    shape=f"({channels}, {rows}, {columns})",
                    right=f"({rows}, {columns}, {channels})",
                )
                return


def shapes(file: File, maker: ast.Call) -> Iterator[list[ast.expr]]:
    """The shapes, without the batch, that the layer is told to take or is applied to."""
    given = [argument(maker, "input_shape", None)]
    given += (input_shape(step) for step in feeders(file, maker))
    for shape in given:
        if isinstance(shape, ast.Tuple | ast.List):
            yield shape.elts
