"""Recurrent weights copied from torch with its gate order, or without its second bias.

## Why

SILENT. The shapes fit either way. torch's GRU stacks its gates as reset, update, new; Keras' as
update, reset, new. Both of torch's biases act in an LSTM, where Keras has one: their sum. Measured
on torch 2.13 and Keras 3.15: a GRU without the swap is off by 0.36, an LSTM with `bias_ih` alone by
0.13; right, both agree to 1e-7.

## Bad

```python
import keras
from torch import nn

lstm = nn.LSTM(3, 4, batch_first=True)
port = keras.layers.LSTM(4, return_sequences=True)
port.build((None, None, 3))
port.set_weights(  # XFR523
    [
        lstm.weight_ih_l0.detach().numpy().T,
        lstm.weight_hh_l0.detach().numpy().T,
        lstm.bias_ih_l0.detach().numpy(),
    ]
)
```

## Good

```python
import keras
from torch import nn

lstm = nn.LSTM(3, 4, batch_first=True)
port = keras.layers.LSTM(4, return_sequences=True)
port.build((None, None, 3))
port.set_weights(
    [
        lstm.weight_ih_l0.detach().numpy().T,
        lstm.weight_hh_l0.detach().numpy().T,
        (lstm.bias_ih_l0 + lstm.bias_hh_l0).detach().numpy(),
    ]
)
```

## When it stays quiet

- The weights are cut, joined or added up on their way: the gates are taken to be in order then.
- Neither layer is seen to be an LSTM or a GRU.

## Fix

LSTM: `bias_ih_l0 + bias_hh_l0`. GRU: swap the first two thirds of the weights and biases, and give
Keras both biases, `np.stack([b_ih, b_hh])`.

## Seen at run time

`parity(..., weights="own")`: `forward-eval`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.copies import kind_of, set_weights
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="rnn-gate-order",
    message="{layer}: torch's GRU gates are r, z, n, Keras' z, r, n (SILENT); swap the first two",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)

ONE_BIAS = "{layer}: an LSTM of torch adds two biases (SILENT); pass bias_ih + bias_hh"


@rule.method("set_weights")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    copy = set_weights(file, call)
    source = copy.arrays[0] if copy is not None and copy.arrays else None
    if copy is None or source is None or not source.part.startswith("weight_ih_l"):
        return
    layer = ast.unparse(copy.target)
    match kind_of(file, copy, source):
        case "GRU":
            yield rule.at(call, layer=layer)
        case "LSTM":
            bias = copy.arrays[2] if len(copy.arrays) > 2 else None
            if bias is not None and bias.part.startswith("bias_"):
                yield rule.at(call, ONE_BIAS, layer=layer)
