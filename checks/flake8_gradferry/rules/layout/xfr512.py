"""Paddings written in the other framework's order or form.

## Why

SILENT between layers, LOUD between functions. torch counts from the last axis: `nn.ZeroPad2d((1, 1,
0, 0))` is left, right, top, bottom. Keras' `ZeroPadding2D` takes ((top, bottom), (left, right)),
and `tf.pad` a pair for every axis, the batch too. Measured on TensorFlow 2.21: `tf.pad(x, [1, 1, 0,
0])` raises `InvalidArgumentError`; on torch 2.13 nested pairs raise `TypeError`; `ZeroPadding2D((1,
2))` makes 6 by 10 of 4 by 6 pixels, `nn.ZeroPad2d((1, 1, 2, 2))` 8 by 8.

## Bad

```python
import keras
from torch import nn

torch_pad = nn.ZeroPad2d((1, 1, 2, 2))
keras_pad = keras.layers.ZeroPadding2D((1, 2))  # XFR512
```

```python
import tensorflow as tf

images = tf.ones((1, 4, 6, 3))


def pad():
    return tf.pad(images, [1, 1, 0, 0])  # XFR512
```

## Good

```python
import keras
from torch import nn

torch_pad = nn.ZeroPad2d((1, 1, 2, 2))
keras_pad = keras.layers.ZeroPadding2D((2, 1))
```

```python
import tensorflow as tf

images = tf.ones((1, 4, 6, 3))


def pad():
    return tf.pad(images, [[0, 0], [0, 0], [1, 1], [0, 0]])
```

## When it stays quiet

- Only one of two layers is in sight (XFR502 says what is taken for a pair), or they pad alike.
- The paddings are no literals.

## Fix

Keras: `ZeroPadding2D(((top, bottom), (left, right)))`. TensorFlow: `tf.pad(x, [[0, 0], [top,
bottom], [left, right], [0, 0]])`. torch: `F.pad(x, (left, right, top, bottom))`.

## Seen at run time

`parity`: `forward-eval`; try images that are not square.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import integer
from ...layout.ports import Part, odd_one_out
from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="pad-order",
    message="padding {mine} is not {framework}'s {other} (SILENT); write {right}",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="either",
)

FLAT = "tf.pad takes a pair for every axis: [[0, 0], [top, bottom], [left, right], [0, 0]]"
NESTED = "torch pads in one flat order, last axis first: (left, right, top, bottom)"
_PADS = ("torch.nn.ZeroPad2d", "keras.layers.ZeroPadding2D")
Sides = tuple[int, int, int, int]  # left, right, top, bottom


@rule.call("tensorflow.pad")
def check_flat(file: File, call: ast.Call) -> Iterator[Finding]:
    sizes = elements(argument(call, "paddings", 1))
    if sizes and all(integer(size) is not None for size in sizes):
        yield rule.at(call, FLAT)


@rule.call("torch.nn.functional.pad", "torch.nn.ZeroPad2d", "torch.nn.ReflectionPad2d")
@rule.call("torch.nn.ReplicationPad2d")
def check_nested(file: File, call: ast.Call) -> Iterator[Finding]:
    functional = (file.qualified(call.func) or "").endswith(".pad")
    given = argument(call, "pad", 1) if functional else argument(call, "padding", 0)
    pairs = elements(given)
    if pairs and all(len(elements(pair)) == 2 for pair in pairs):
        yield rule.at(call, NESTED)


def elements(node: ast.expr | None) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple | ast.List) else []


@rule.call(*_PADS)
def check_pair(file: File, call: ast.Call) -> Iterator[Finding]:
    twin = odd_one_out(file, call, _PADS.__contains__, pads_otherwise)
    mine = argument(call, "padding", 0)
    theirs = argument(twin.call, "padding", 0) if twin is not None else None
    if twin is None or mine is None or theirs is None:
        return
    if twin.name.startswith("torch"):
        left, right, top, bottom = torch_sides(twin.call) or (0, 0, 0, 0)
        framework, wanted = "torch", f"(({top}, {bottom}), ({left}, {right}))"
    else:
        framework, wanted = "Keras", str(keras_sides(twin.call))
    written = ast.unparse(mine), ast.unparse(theirs)
    yield rule.at(call, mine=written[0], other=written[1], framework=framework, right=wanted)


def pads_otherwise(in_torch: Part, in_keras: Part) -> bool | None:
    one, other = torch_sides(in_torch.call), keras_sides(in_keras.call)
    return None if one is None or other is None else one != other


def torch_sides(call: ast.Call) -> Sides | None:
    given = argument(call, "padding", 0)
    if given is not None and (size := integer(given)) is not None:
        return (size, size, size, size)
    match [integer(item) for item in elements(given)]:
        case [int(left), int(right), int(top), int(bottom)]:
            return (left, right, top, bottom)
    return None


def keras_sides(call: ast.Call) -> Sides | None:
    given = argument(call, "padding", 0)
    if given is not None and (size := integer(given)) is not None:
        return (size, size, size, size)
    rows_and_columns = []
    for item in elements(given):
        pair = [integer(one) for one in elements(item)] or [integer(item)] * 2
        rows_and_columns.append(pair)
    match rows_and_columns:
        case [[int(top), int(bottom)], [int(left), int(right)]]:
            return (left, right, top, bottom)
    return None
