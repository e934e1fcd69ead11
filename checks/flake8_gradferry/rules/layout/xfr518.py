"""What a recurrent layer returns, unpacked the other framework's way.

## Why

LOUD, and SILENT where the batch size happens to fit. A torch LSTM returns `(output, (h, c))`
always, a Keras one the output alone, or `[output, h, c]` with `return_state=True`. Measured on
torch 2.13: `nn.Sequential(nn.LSTM(4, 8), nn.Linear(8, 2))` raises `TypeError: linear(): argument
'input' must be Tensor, not tuple`. On Keras 3.15 `out, h = keras.layers.LSTM(8)(x)` raises, but
unpacks the two samples of a batch of 2.

## Bad

```python
import torch
from torch import nn

net = nn.Sequential(
    nn.LSTM(4, 8, batch_first=True),  # XFR518
    nn.Linear(8, 2),
)
```

```python
import keras
import numpy as np

gru = keras.layers.GRU(8)
x = np.ones((2, 5, 4), "float32")
output, state = gru(x)  # XFR518
```

## Good

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8, batch_first=True)
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        x, _ = self.lstm(x)
        return self.fc(x)


net = Net()
```

```python
import keras
import numpy as np

gru = keras.layers.GRU(8, return_sequences=True, return_state=True)
x = np.ones((2, 5, 4), "float32")
output, state = gru(x)
```

## When it stays quiet

- The layer is the last of its `nn.Sequential`, or the one that follows is the project's own (it may
  take the pair).
- What the layer returns is passed on, returned, indexed with a number or unpacked.
- `return_state` or the arguments cannot be seen.

## Fix

torch: `out, (h, c) = self.lstm(x)`, and no LSTM inside `nn.Sequential`. Keras: ask for
`return_state=True` and unpack flat, `out, h, c = lstm(x)`.

## Seen at run time

The first call raises.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
- https://keras.io/api/layers/recurrent_layers/lstm/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import TORCH_RECURRENT, applications, applied, flag, readers
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="rnn-output-unpacking",
    message="torch's {layer} returns (output, state); take its output: out, _ = {layer}(x)",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="either",
)

NO_STATE = "{layer} returns its output alone; for its state pass return_state=True"
FLAT = "{layer} returns {count} flat values; unpack them as {names}"
_TENSOR_METHODS = frozenset(
    (
        "contiguous detach dim flatten mean permute relu reshape shape size squeeze sum transpose "
        "unsqueeze view"
    ).split()
)


@rule.call("torch.nn.Sequential")
def check_sequential(file: File, call: ast.Call) -> Iterator[Finding]:
    for layer, following in zip(call.args, call.args[1:], strict=False):
        match layer, following:
            case ast.Call(func=func), ast.Call(func=after):
                name = file.qualified(func) or ""
                if name in TORCH_RECURRENT and takes_a_tensor(file.qualified(after) or ""):
                    yield rule.at(layer, layer=name.rpartition(".")[2])


def takes_a_tensor(name: str) -> bool:
    return name.startswith("torch.nn.") and name.rpartition(".")[2] != "Identity"


@rule.call("torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN")
def check_torch(file: File, maker: ast.Call) -> Iterator[Finding]:
    for call in applications(file, maker):
        if any(used_as_tensor(file, held, around) for held, around in readers(file, call)):
            yield rule.at(call, layer=file.dotted(call.func) or "the layer")


def used_as_tensor(file: File, held: ast.expr, around: ast.AST) -> bool:
    match around:
        case ast.Subscript(value=value, slice=ast.Tuple()):
            return value is held
        case ast.Attribute(attr=attr):
            return attr in _TENSOR_METHODS
        case ast.Call(args=[first, *_], func=func) if first is held:
            name = file.qualified(func) or ""
            if name.startswith("torch.nn.functional."):
                return True
            layer = applied(file, around)
            return layer is not None and takes_a_tensor(layer.name)
    return False


@rule.call("keras.layers.LSTM", "keras.layers.GRU", "keras.layers.SimpleRNN")
def check_keras(file: File, maker: ast.Call) -> Iterator[Finding]:
    returns_state = flag(maker, "return_state")
    if returns_state is None or any(k.arg == "return_state" for k in maker.keywords) is not (
        returns_state
    ):
        return  # a variable, `**options`
    is_lstm = (file.qualified(maker.func) or "").endswith("LSTM")
    count, names = (3, "out, h, c") if is_lstm else (2, "out, h")
    for call in applications(file, maker):
        match file.parent(call):
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value) if value is call:
                pass
            case _:
                continue
        if any(isinstance(target, ast.Starred) for target in targets):
            continue
        layer = file.dotted(call.func) or (file.qualified(maker.func) or "").rpartition(".")[2]
        if not returns_state:
            yield rule.at(call, NO_STATE, layer=layer)
        elif len(targets) != count or any(isinstance(t, ast.Tuple) for t in targets):
            yield rule.at(call, FLAT, layer=layer, count=str(count), names=names)
