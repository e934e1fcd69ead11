"""A torch sequence layer without `batch_first=True` whose data has the batch first.

## Why

SILENT. Keras' recurrent and attention layers take (batch, time, features). torch's take
(time, batch, features) unless `batch_first=True` is given, and check nothing: the layer walks over
the samples as if they were time steps, so that each sample's result depends on the samples before
it. Measured on torch 2.13: changing sample 0 changes the output of the other samples.

## Bad

```python
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 8)  # XFR517
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[:, -1])


net = Classifier()
```

## Good

```python
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 8, batch_first=True)
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[:, -1])


net = Classifier()
```

## When it stays quiet

- Nothing says where the batch is. What does: `out[:, -1]` of a recurrent layer or `out[:, 0]` of a
  transformer, a mean over axis 1 of the output, `batch_size = x.size(0)`, an initial state of
  `torch.zeros(layers, x.size(0), hidden)`, a model run on what a DataLoader in the file yields.
- The input is permuted or reshaped between the place that tells its batch axis and the layer.
- `batch_first` is given, whatever its value.

## Fix

Add `batch_first=True`. The states (h, c) keep the batch on axis 1 either way.

## Seen at run time

`training_smoke`: `batch-independence` (a sample's output changes when others do).

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import TORCH_RECURRENT, applications, flag
from ...layout.batch_axis import fed_batch_first, named_batch, pooled, read_at
from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins
from ...source.walk import File

rule = Rule(
    __name__,
    name="missing-batch-first",
    message="{layer} takes (time, batch, ...) (SILENT: samples mix); pass batch_first=True",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)

# Where `batch_first` stands when it is passed by position.
_POSITIONS = {
    "torch.nn.LSTM": 4,
    "torch.nn.GRU": 4,
    "torch.nn.RNN": None,
    "torch.nn.MultiheadAttention": 8,
    "torch.nn.Transformer": 9,
    "torch.nn.TransformerEncoderLayer": 6,
}


@rule.call("torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN", "torch.nn.MultiheadAttention")
def check(file: File, maker: ast.Call) -> Iterator[Finding]:
    name = file.qualified(maker.func) or ""
    if flag(maker, "batch_first", _POSITIONS[name]) is not False or given(maker):
        return
    for call in applications(file, maker):
        if reads_batch_first(file, call, (0,), last_only=name in TORCH_RECURRENT):
            yield rule.at(maker, layer=written(file, call))
            return


@rule.call("torch.nn.Transformer", "torch.nn.TransformerEncoder")
def check_transformer(file: File, maker: ast.Call) -> Iterator[Finding]:
    made = maker
    if file.qualified(maker.func) == "torch.nn.TransformerEncoder":
        layer = argument(maker, "encoder_layer", 0)
        found = origins(file, layer) if layer is not None else []
        if len(found) != 1 or found[0].file is not file or found[0].call is None:
            return
        made = found[0].call
    position = _POSITIONS.get(file.qualified(made.func) or "")
    if position is None or flag(made, "batch_first", position) is not False or given(made):
        return
    for call in applications(file, maker):
        if reads_batch_first(file, call, (), last_only=False):
            yield rule.at(made, layer=written(file, call))
            return


def given(maker: ast.Call) -> bool:
    return argument(maker, "batch_first", None) is not None


def written(file: File, call: ast.Call) -> str:
    return file.dotted(call.func) or "the layer"


def reads_batch_first(
    file: File, call: ast.Call, path: tuple[int, ...], *, last_only: bool
) -> bool:
    """Whether the code around an application takes axis 0 for the batch."""
    sequence = argument(call, "input", 0)
    if sequence is None:
        return False
    batch = named_batch(file, call, sequence)
    if batch:
        return batch == {0}
    places = {-1} if last_only else {0, -1}
    if any(place in places for _, place in read_at(file, call, path)):
        return True
    return any(pooled(file, call, path)) or fed_batch_first(file, sequence)
