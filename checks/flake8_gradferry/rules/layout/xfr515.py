"""A resize ported without its mode.

## Why

SILENT. `F.interpolate` and `nn.Upsample` take the nearest pixel unless told otherwise,
`tf.image.resize` interpolates bilinearly; `UpSampling2D` takes the nearest too.
`align_corners=True` has no twin in TensorFlow 2. Measured on torch 2.13 and TensorFlow 2.21: the
defaults are off by 1.4 for normal pixels, bilinear with `align_corners=True` by 0.9, with
`align_corners=False` by 0.

## Bad

```python
import tensorflow as tf
import torch.nn.functional as F


def upscale_torch(x):
    return F.interpolate(x, size=(10, 10))


def upscale_tf(x):
    return tf.image.resize(x, (10, 10))  # XFR515
```

## Good

```python
import tensorflow as tf
import torch.nn.functional as F


def upscale_torch(x):
    return F.interpolate(x, size=(10, 10), mode="bilinear", align_corners=False)


def upscale_tf(x):
    return tf.image.resize(x, (10, 10), method="bilinear")
```

## When it stays quiet

- Only one of the two is in sight (XFR502 says what is taken for a pair).
- The modes are variables, or others than nearest and bilinear.

## Fix

Write the mode on both sides: `mode="bilinear", align_corners=False` is `method="bilinear"`.

## Seen at run time

`parity`: `forward-eval`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
- https://www.tensorflow.org/api_docs/python/tf/image/resize
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.ports import Part, odd_one_out
from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="resize-defaults",
    message="torch resizes by {torch} here, Keras by {keras} (SILENT); write the mode on both",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)

# The keyword of the mode, its place, and what is meant where it is not given.
_MODES = {
    "torch.nn.functional.interpolate": ("mode", 3, "nearest"),
    "torch.nn.functional.upsample": ("mode", 3, "nearest"),
    "torch.nn.Upsample": ("mode", 2, "nearest"),
    "tensorflow.image.resize": ("method", 2, "bilinear"),
    "keras.ops.image.resize": ("interpolation", 2, "bilinear"),
    "keras.layers.UpSampling2D": ("interpolation", 2, "nearest"),
    "keras.layers.Resizing": ("interpolation", 2, "bilinear"),
}
_KNOWN = ("nearest", "bilinear")


@rule.call(*_MODES)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    twin = odd_one_out(file, call, _MODES.__contains__, differ)
    if twin is not None:
        mine = mode(Part(file, call, file.qualified(call.func) or "", ""))
        theirs = mode(twin)
        if not twin.name.startswith("torch"):
            mine, theirs = theirs, mine
        yield rule.at(call, torch=theirs or "", keras=mine or "")


def differ(in_torch: Part, in_keras: Part) -> bool | None:
    one, other = mode(in_torch), mode(in_keras)
    return None if one is None or other is None else one != other


def mode(part: Part) -> str | None:
    """How a call resizes; `bilinear with align_corners` is a mode of its own."""
    keyword, place, unasked = _MODES[part.name]
    found = unasked
    match argument(part.call, keyword, place):
        case None:
            pass
        case ast.Constant(value=str(word)):
            found = word
        case ast.Attribute(attr="BILINEAR" | "NEAREST_NEIGHBOR" as word):
            found = word.partition("_")[0].lower()
        case _:
            return None
    if found not in _KNOWN:
        return None
    corners = argument(part.call, "align_corners", None)
    if corners is not None and not (isinstance(corners, ast.Constant) and corners.value is False):
        known = isinstance(corners, ast.Constant) and corners.value is True
        return "align_corners" if known else None
    return found
