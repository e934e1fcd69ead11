"""The last step of a bidirectional layer's output taken for its summary.

## Why

SILENT. In the output of a bidirectional recurrent layer the backward half of the last step has read
that one step alone: it starts there. Keras' `Bidirectional(LSTM(n))` returns the final state of
either direction; `out[:, -1]` in torch is something else. Measured on torch 2.13: the backward half
of `out[:, -1]` does not depend on any step but the last.

## Bad

```python
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 8, batch_first=True, bidirectional=True)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        return out[:, -1]  # XFR519


net = Classifier()
```

## Good

```python
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 8, batch_first=True, bidirectional=True)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        return torch.cat([h[-2], h[-1]], dim=1)


net = Classifier()
```

## When it stays quiet

- Only one half of the step is taken (`out[:, -1, :hidden]`), beside the other half of step 0.
- The output is averaged or maximised over the steps, or the states are used.
- `bidirectional` is not written as `True`.

## Fix

`torch.cat([h[-2], h[-1]], dim=1)`; in Keras leave out `return_sequences=True`.

## Seen at run time

`parity`: `forward-eval`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import applications, flag, integer, leading
from ...layout.batch_axis import around, read_at
from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import Origin
from ...source.walk import File

rule = Rule(
    __name__,
    name="bidirectional-last-step",
    message="{out} holds one backward step (SILENT); use torch.cat([h[-2], h[-1]], 1)",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

KERAS = "{out} holds one backward step (SILENT); drop return_sequences=True"
# RNN has `nonlinearity` on the way, which moves `batch_first` alone.
_BATCH_FIRST = {"torch.nn.LSTM": 4, "torch.nn.GRU": 4, "torch.nn.RNN": None}
_BIDIRECTIONAL = {"torch.nn.LSTM": 6, "torch.nn.GRU": 6, "torch.nn.RNN": None}


@rule.call("torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN")
def check(file: File, maker: ast.Call) -> Iterator[Finding]:
    name = file.qualified(maker.func) or ""
    if not flag(maker, "bidirectional", _BIDIRECTIONAL[name]):
        return
    batch_first = flag(maker, "batch_first", _BATCH_FIRST[name])
    for call in applications(file, maker):
        if batch_first:
            yield from whole_last_step(file, call, (0,), rule.message)
        elif batch_first is False:
            wanted = [Origin(file, call, (0,))]
            for node in around(file, call)[ast.Subscript]:
                if integer(node.slice) == -1 and leading(file, node.value) == wanted:
                    yield rule.at(node, out=ast.unparse(node))


@rule.call("keras.layers.Bidirectional")
def check_keras(file: File, maker: ast.Call) -> Iterator[Finding]:
    match argument(maker, "layer", 0):
        case ast.Call() as inner if flag(inner, "return_sequences"):
            for call in applications(file, maker):
                if not flag(inner, "return_state"):
                    yield from whole_last_step(file, call, (), KERAS)


def whole_last_step(
    file: File, call: ast.Call, path: tuple[int, ...], message: str
) -> Iterator[Finding]:
    for node, index in read_at(file, call, path):
        assert isinstance(node.slice, ast.Tuple)
        rest = node.slice.elts[2:]
        if index == -1 and all(is_everything(item) for item in rest):
            yield rule.at(node, message, out=ast.unparse(node))


def is_everything(index: ast.expr) -> bool:
    match index:
        case ast.Slice(lower=None, upper=None, step=None) | ast.Constant(value=None):
            return True
    return False
