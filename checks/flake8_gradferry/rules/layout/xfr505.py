"""A transposed convolution ported with `padding="same"` for a padding that is something else.

## Why

SILENT where the shapes fit. `nn.ConvTranspose2d(c, c, 3, stride=2, padding=1, output_padding=1)`
and `Conv2DTranspose(c, 3, strides=2, padding="same")` both double the size, but crop the result at
other ends. Measured on torch 2.13 and Keras 3.15: equal weights, outputs off by 9; without
`output_padding` torch's is a pixel smaller (9 against 10). With a kernel of 4 and `padding=1` they
are equal.

## Bad

```python
import keras
from torch import nn

torch_up = nn.ConvTranspose2d(2, 2, 3, stride=2, padding=1, output_padding=1)
keras_up = keras.layers.Conv2DTranspose(2, 3, strides=2, padding="same")  # XFR505
```

## Good

```python
import keras
from torch import nn

torch_up = nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1)
keras_up = keras.layers.Conv2DTranspose(2, 4, strides=2, padding="same")
```

## When it stays quiet

- Only one of the two models is in sight (XFR502 says what is taken for a pair), or some counterpart
  agrees.
- The padding is what "same" crops: `kernel - stride` even, half of it as `padding`, no
  `output_padding`.

## Fix

Keras: a "valid" transposed convolution and `Cropping2D` of torch's padding at either end.

## Seen at run time

`parity`: `forward-eval`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import integer
from ...layout.ports import Part, odd_one_out
from ...layout.windows import kind, window
from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="transposed-padding",
    message='Keras\' "same" crops other ends than this padding (SILENT); use "valid" and crop',
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)


@rule.call("keras.layers.Conv1DTranspose", "keras.layers.Conv2DTranspose")
@rule.call("keras.layers.Conv3DTranspose", "torch.nn.ConvTranspose1d")
@rule.call("torch.nn.ConvTranspose2d", "torch.nn.ConvTranspose3d")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    own = kind(file.qualified(call.func) or "")
    if odd_one_out(file, call, lambda name: kind(name) == own, crops_otherwise) is not None:
        yield rule.at(call)


def crops_otherwise(in_torch: Part, in_keras: Part) -> bool | None:
    one, other = window(in_torch), window(in_keras)
    if one is None or other is None or one[:2] != other[:2] or isinstance(one.padding, str):
        return None
    if other.padding != "same":
        return False
    given = argument(in_torch.call, "output_padding", 5)
    extra = integer(given) if given is not None else 0
    if extra is None:
        return None
    cropped = max(one.kernel - one.stride, 0)
    return (one.padding, one.padding - extra) != (cropped // 2, cropped - cropped // 2)
