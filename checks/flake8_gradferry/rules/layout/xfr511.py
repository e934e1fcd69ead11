"""A kernel copied between the frameworks without turning its axes.

## Why

SILENT where the shape happens to fit. torch keeps a linear layer's weight as (out, in) and a
convolution's as (out, in, height, width); Keras as (in, out) and (height, width, in, out). Measured
on torch 2.13 and Keras 3.15: a square layer (16 to 16) takes the weight as it is, outputs off by
2.1; one from 16 to 8 raises `ValueError`. A convolution's kernel turned with `.T` has rows and
columns swapped.

## Bad

```python
import keras
import torch
from torch import nn

fc = nn.Linear(16, 16)
dense = keras.layers.Dense(16)
dense.build((None, 16))
dense.set_weights([fc.weight.detach().numpy(), fc.bias.detach().numpy()])  # XFR511
```

## Good

```python
import keras
import torch
from torch import nn

fc = nn.Linear(16, 16)
dense = keras.layers.Dense(16)
dense.build((None, 16))
dense.set_weights([fc.weight.detach().numpy().T, fc.bias.detach().numpy()])
```

## When it stays quiet

- The array was transposed, reshaped or changed otherwise on its way.
- Neither layer is seen, or named, to be a dense or convolutional one: the weights of embeddings and
  norms are laid out alike.

## Fix

Dense: `weight.T`. Convolution: `weight.permute(2, 3, 1, 0)` to Keras, `kernel.transpose(3, 2, 0,
1)` back.

## Seen at run time

`parity(..., weights="own")`: `weights`.

## References

- https://keras.io/api/layers/core_layers/dense/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.copies import Copy, kind_of, weight_copies
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="weights-without-transpose",
    message="{layer}'s {part} needs its axes turned (SILENT if square); write {turned}",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)


@rule.node(ast.Module)
def check(file: File, _: ast.Module) -> Iterator[Finding]:
    for copy in weight_copies(file):
        yield from judge(file, copy)


def judge(file: File, copy: Copy) -> Iterator[Finding]:
    source = copy.arrays[0] if copy.arrays else None
    if source is None or source.framework == copy.framework:
        return
    if source.part not in ("weight", "kernel"):
        return
    kind = kind_of(file, copy, source)
    turned = {
        ("Dense", "torch"): f"{source.part}.T",
        ("Dense", "keras"): f"{source.part}.T",
        ("Conv", "torch"): "weight.permute(2, 3, 1, 0)",
        ("Conv", "keras"): "kernel.transpose(3, 2, 0, 1)",
    }.get((kind or "", source.framework))
    if turned is None:
        return
    # A convolution's reversed axes fit, with rows and columns swapped.
    if source.order is None or (kind == "Conv" and source.order in ((), (3, 2, 1, 0))):
        layer = source.name or "the layer"
        yield rule.at(copy.call, layer=layer, part=source.part, turned=turned)
