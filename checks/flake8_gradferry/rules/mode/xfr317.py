"""Dropout asked of a recurrent torch module that has one layer.

## Why

SILENT but for a warning that scrolls away. `dropout=` of `nn.LSTM`, `nn.GRU` and `nn.RNN` acts
between stacked layers; with one layer there is no place for it. Keras' `dropout=` acts on the
inputs, so a ported `LSTM(8, dropout=0.5)` loses its regularisation. Measured on torch 2.13: two
passes in training mode agree to the last digit.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
rnn = nn.LSTM(4, 8, dropout=0.5, batch_first=True)  # XFR317
x = torch.randn(2, 5, 4)
differs = not torch.equal(rnn(x)[0], rnn(x)[0])
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
rnn = nn.Sequential(nn.Dropout(0.5), nn.LSTM(4, 8, batch_first=True))
x = torch.randn(2, 5, 4)
differs = not torch.equal(rnn(x)[0], rnn(x)[0])
```

## When it stays quiet

- Two layers or more, and numbers of layers or rates that are not settled in the source: a
  parameter's default is no promise.

## Fix

Put an `nn.Dropout` before (Keras' `dropout`) or behind the module, or stack layers.

## Seen at run time

`training_smoke`: `modes` sees no difference between training and evaluation.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
- https://keras.io/api/layers/recurrent_layers/lstm/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import arguments, number
from ...source.walk import File

rule = Rule(
    __name__,
    name="rnn-dropout-with-one-layer",
    message="dropout={rate} does nothing in {layer} with one layer (SILENT); write nn.Dropout",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="either",
)


@rule.call("torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    if made is None or (rate := made.given.get("dropout")) is None:
        return
    layers = made.given.get("num_layers")
    single = number(file, layers) == 1 if layers is not None else made.complete
    if single and (number(file, rate) or 0) > 0:
        yield rule.at(call, rate=ast.unparse(rate), layer=made.cls)
