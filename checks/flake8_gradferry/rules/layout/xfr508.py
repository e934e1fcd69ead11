"""Axes moved by `reshape` or `view`, which moves nothing.

## Why

SILENT. Between PyTorch's (N, C, H, W) and Keras' (N, H, W, C) the axes have to be transposed. A
reshape to the new shape is accepted as well, but it keeps the elements in their order and only
counts them off anew: pixels and channels are scrambled. Measured on torch 2.13: the first pixel of
an image with channels 0..3, 4..7, 8..11 is [0, 1, 2], where [0, 4, 8] is right. The last states of
torch's recurrent layers, (layers * directions, N, H), are scrambled likewise by `h_n.view(n, -1)`,
which joins states of different samples.

## Bad

```python
import torch

x = torch.arange(12).reshape(1, 3, 2, 2)
n, c, h, w = x.shape
y = x.reshape(n, h, w, c)  # XFR508
```

## Good

```python
import torch

x = torch.arange(12).reshape(1, 3, 2, 2)
n, c, h, w = x.shape
y = x.permute(0, 2, 3, 1)
```

## When it stays quiet

- The new sizes name the old axes in their old order, merged or not (`x.view(n, c, h * w)`), or are
  no sizes of the value itself (split channels, numbers).
- The value was transposed before it is reshaped, or rows are cut off it afterwards (the relative
  shift of Transformer-XL).
- Numbers alone are judged only where the layout is known by its source: Keras' CIFAR arrays and
  images from OpenCV, PIL or imageio have the channels last, torchvision's batches have them first.
- Unit tests (`test_*.py`), where it is often the shape alone that matters.

## Fix

`x.permute(0, 2, 3, 1)` in torch, `tf.transpose(x, [0, 2, 3, 1])`, `np.transpose`; then reshape.

## Seen at run time

`parity`: `forward-eval`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.permute.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...layout.axes import applications, flag, integer, readers
from ...layout.batch_axis import around
from ...layout.image_sources import Layout, image_layout
from ...layout.reshapes import FUNCTIONS, METHODS, Reshape, moved_axes, reshape_of
from ...loop.evaluation import is_test
from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import Origin, origins
from ...source.walk import File

rule = Rule(
    __name__,
    name="layout-by-reshape",
    message="{value}: reshape moves no axes (SILENT: scrambled); use {mover}",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)

# How the number of layers and directions is named.
_LAYERS = re.compile(r"layer|dir|factor", re.IGNORECASE)


@rule.method(*METHODS)
@rule.call(*FUNCTIONS)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    if len(call.args) + len(call.keywords) < 1 or not worth_asking(call):
        return
    reshape = reshape_of(file, call)
    if reshape is None or len(reshape.sizes) < 2 or is_test(file):
        return
    order = moved_axes(file, reshape)
    if order is not None:
        if any(cuts_off(file, around) for _, around in readers(file, call)):
            return  # the relative shift of Transformer-XL: reshape, drop a row, reshape back
        value = file.dotted(reshape.value) or "this"
        yield rule.at(call, value=value, mover=advice(reshape, order))
    elif (layout := scrambled_image(file, reshape)) is not None:
        value = file.dotted(reshape.value) or "this image"
        yield rule.at(call, value=value, mover=layout)


@rule.call("torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN")
def check_states(file: File, maker: ast.Call) -> Iterator[Finding]:
    layers = argument(maker, "num_layers", 2)
    if not flag(maker, "bidirectional") and (layers is None or (integer(layers) or 0) < 2):
        return
    if is_test(file):
        return
    is_lstm = file.qualified(maker.func) == "torch.nn.LSTM"
    for run in applications(file, maker):
        states = [Origin(file, run, path) for path in (((1, 0), (1, 1)) if is_lstm else ((1,),))]
        for call in around(file, run)[ast.Call]:
            reshape = reshape_of(file, call) if worth_asking(call) else None
            if reshape is None or not joins_states(reshape.sizes):
                continue
            found = origins(file, reshape.value)
            if found and all(origin in states for origin in found):
                value = file.dotted(reshape.value) or "this state"
                yield rule.at(call, value=value, mover="transpose(0, 1) first")


def joins_states(sizes: list[ast.expr]) -> bool:
    """Whether new sizes put what stands in front of the batch, layers and directions, behind it:
    `(batch, -1)`, `(-1, 2 * hidden)`."""
    match sizes:
        case [batch, ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1))]:
            return isinstance(batch, ast.Name | ast.Attribute | ast.Call) and not (
                _LAYERS.search(ast.unparse(batch))
            )
        case [_, ast.BinOp(op=ast.Mult(), left=one, right=other)]:
            return any(integer(item) or _LAYERS.search(ast.unparse(item)) for item in (one, other))
    return False


def cuts_off(file: File, around: ast.AST) -> bool:
    """Whether the first rows of the reshaped value are dropped."""
    match around:
        case ast.Subscript(slice=ast.Tuple(elts=items)):
            pass
        case ast.Subscript(slice=item):
            items = [item]
        case ast.Call(func=func):
            return file.qualified(func) in ("tensorflow.slice", "keras.ops.slice")
        case _:
            return False
    return any(isinstance(item, ast.Slice) and item.lower is not None for item in items)


def worth_asking(call: ast.Call) -> bool:
    """Whether more than one new size is written out."""
    last = call.args[-1] if call.args else call.keywords[-1].value
    return len(call.args) > 1 or isinstance(last, ast.Tuple | ast.List)


def advice(reshape: Reshape, order: list[list[int]]) -> str:
    axes = ", ".join(str(place) for dim in order for place in dim)
    if len(order) < sum(map(len, order)):
        return f"{reshape.mover}({axes}) first"
    return f"{reshape.mover}({axes})"


def scrambled_image(file: File, reshape: Reshape) -> str | None:
    """What moves the axes of an image whose layout its source tells, where its new sizes claim
    the other layout."""
    sizes = [integer(size) for size in reshape.sizes]
    if len(sizes) not in (3, 4):
        return None
    match sizes[-3:]:
        case [3, rows, columns] if 3 not in (rows, columns):
            claimed = Layout.CHANNELS_FIRST
        case [rows, columns, 3] if 3 not in (rows, columns):
            claimed = Layout.CHANNELS_LAST
        case _:
            return None
    layout = image_layout(file, reshape.value)
    if layout is None or layout is claimed:
        return None
    batched = len(sizes) == 4 and sizes[0] != 1
    places = [2, 0, 1] if claimed is Layout.CHANNELS_FIRST else [1, 2, 0]
    if batched:
        places = [0, *(place + 1 for place in places)]
    return f"{reshape.mover}({', '.join(map(str, places))})"
