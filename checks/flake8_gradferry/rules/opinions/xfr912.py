"""The last step of a padded batch read as the end of each sequence.

## Why

SILENT. Keras' `Embedding(mask_zero=True)` makes an LSTM stop at the padding. torch's knows no mask:
`padding_idx` only fixes the padding's vector, and `out[:, -1]` is what the LSTM made of it.
Measured on torch 2.13: the same text with 4 pads appended, outputs off by 0.17; with
`pack_padded_sequence` by 0.

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 8, padding_idx=0)
        self.lstm = nn.LSTM(8, 8, batch_first=True)

    def forward(self, tokens):
        out, _ = self.lstm(self.embed(tokens))
        return out[:, -1]  # XFR912


net = Net()
```

## Good

```python
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 8, padding_idx=0)
        self.lstm = nn.LSTM(8, 8, batch_first=True)

    def forward(self, tokens):
        lengths = (tokens != 0).sum(1)
        packed = pack_padded_sequence(
            self.embed(tokens), lengths, batch_first=True, enforce_sorted=False
        )
        _, (h, _) = self.lstm(packed)
        return h[-1]


net = Net()
```

## When it stays quiet

- The embedding has no `padding_idx`, the file packs sequences, or the step is picked by the
  lengths.

This is a hint, off unless selected: sequences padded on the left end in a word.

## Fix

`pack_padded_sequence` and `h[-1]`, or `out[torch.arange(n), lengths - 1]`.

## Seen at run time

`parity`: `forward-eval`, with padded inputs.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import applications, applied, flag, pointwise
from ...layout.batch_axis import read_at
from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="padding-read-as-output",
    message="{out} is the padding's step (SILENT); pack_padded_sequence and take h[-1]",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="keras->torch",
)

_PACKS = ("pack_padded_sequence", "pack_sequence", "left_pad", "flip")


@rule.call("torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN")
def check(file: File, maker: ast.Call) -> Iterator[Finding]:
    if not flag(maker, "batch_first") or any(name in file.calls_by_name for name in _PACKS):
        return
    if flag(maker, "bidirectional") is not False:
        return  # its last step is XFR519's
    for call in applications(file, maker):
        if call.args and is_padded(file, call.args[0]):
            for node, index in read_at(file, call, (0,)):
                if index == -1:
                    yield rule.at(node, out=ast.unparse(node))


def is_padded(file: File, node: ast.expr) -> bool:
    """Whether a sequence comes from an embedding that was told which token is padding."""
    found = pointwise(file, node)
    for origin in found:
        layer = applied(origin.file, origin.node) if isinstance(origin.node, ast.Call) else None
        if layer is None or origin.path or layer.name != "torch.nn.Embedding":
            return False
        if not isinstance(layer.node, ast.Call):
            return False
        if argument(layer.node, "padding_idx", 2) is None:
            return False
    return bool(found)
