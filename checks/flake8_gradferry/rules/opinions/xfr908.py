"""A sequence with its channels last into torch's 1-D convolution or batch norm.

## Why

LOUD, and SILENT where the length equals the number of features. Keras' `Conv1D` takes (batch,
length, channels), torch's `nn.Conv1d` (batch, channels, length). An embedding's output goes into
the first as it is. Measured on torch 2.13: `nn.Conv1d(16, 8, 3)` on (4, 16, 16) convolves over the
features and gives (4, 8, 14); on (4, 20, 16) it raises.

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 16)
        self.conv = nn.Conv1d(16, 8, 3)

    def forward(self, tokens):
        return self.conv(self.embed(tokens))  # XFR908


net = Net()
```

## Good

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 16)
        self.conv = nn.Conv1d(16, 8, 3)

    def forward(self, tokens):
        return self.conv(self.embed(tokens).transpose(1, 2))


net = Net()
```

## When it stays quiet

- The value is transposed, permuted or reshaped on its way, or does not come from an embedding or a
  recurrent layer with `batch_first=True` as far as can be seen.

This is a hint, off unless selected.

## Fix

`x.transpose(1, 2)` before the layer and after it.

## Seen at run time

The first batch raises; `parity`: `forward-eval` where the sizes are equal.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import TORCH_RECURRENT, applications, applied, flag, pointwise
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import Origin
from ...source.walk import File

rule = Rule(
    __name__,
    name="channels-last-sequence",
    message="{layer} takes (batch, channels, length) (SILENT if equal); x.transpose(1, 2) first",
    harm=Harm.LOUD,
    confidence=Confidence.HINT,
    direction="keras->torch",
)


@rule.call("torch.nn.Conv1d", "torch.nn.MaxPool1d", "torch.nn.BatchNorm1d")
def check(file: File, maker: ast.Call) -> Iterator[Finding]:
    for call in applications(file, maker):
        found = pointwise(file, call.args[0]) if call.args else []
        if found and all(is_channels_last(origin) for origin in found):
            yield rule.at(call, layer=file.dotted(call.func) or "the layer")


def is_channels_last(origin: Origin) -> bool:
    if not isinstance(origin.node, ast.Call):
        return False
    layer = applied(origin.file, origin.node)
    if layer is None or not isinstance(layer.node, ast.Call):
        return False
    if layer.name == "torch.nn.Embedding":
        return not origin.path
    if layer.name in TORCH_RECURRENT and origin.path == (0,):
        return flag(layer.node, "batch_first") is True
    return False
