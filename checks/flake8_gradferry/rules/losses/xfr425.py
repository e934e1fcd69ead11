"""A cross-entropy of torch on sequences with the classes last.

## Why

LOUD, and SILENT where there are as many steps as classes. Keras' cross-entropies read the classes
from the last axis, those of torch from the second: a tagger's `(batch, time, classes)` has to be
`(batch, classes, time)`. Observed: `RuntimeError: Expected target size [2, 4], got [2, 6]`; with
four steps and four classes a loss is computed across time.

## Bad

```python
import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 16, batch_first=True)
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        hidden, _ = self.rnn(x)
        return self.out(hidden)


model = Tagger()
criterion = nn.CrossEntropyLoss()
logits = model(torch.randn(2, 6, 8))
labels = torch.randint(4, (2, 6))
loss = criterion(logits, labels)  # XFR425
```

## Good

```python
import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 16, batch_first=True)
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        hidden, _ = self.rnn(x)
        return self.out(hidden)


model = Tagger()
criterion = nn.CrossEntropyLoss()
logits = model(torch.randn(2, 6, 8))
labels = torch.randint(4, (2, 6))
loss = criterion(logits.permute(0, 2, 1), labels)
```

```python
import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 16, batch_first=True)
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        hidden, _ = self.rnn(x)
        return self.out(hidden)


model = Tagger()
criterion = nn.CrossEntropyLoss()
logits = model(torch.randn(2, 6, 8))
labels = torch.randint(4, (2, 6))
loss = criterion(logits.reshape(-1, 4), labels.reshape(-1))
```

## When it stays quiet

- The logits are reshaped, transposed or indexed on the way, or are not seen to come from a
  recurrent layer with `batch_first=True`.

## Fix

`logits.permute(0, 2, 1)`, or flatten both: `logits.reshape(-1, classes)`, `labels.reshape(-1)`.

## Seen at run time

Torch raises where the sizes differ. `parity`: `loss`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.activations import Effect, Kind, of_function, of_method
from ...loss.losses import forward_of, loss_calls
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import End, Path, Value, made_by
from ...source.values import Trace, constant
from ...source.walk import File

rule = Rule(
    __name__,
    name="class-axis",
    message="{loss} takes the classes in dim 1, gets them last (raises); permute(0, 2, 1)",
    harm=Harm.LOUD,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)

_RECURRENT = ("torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN")
# Layers that keep all axes but, at most, the size of the last one.
_KEEPING = frozenset(
    f"torch.nn.{word}"
    for word in (
        "Linear Dropout LayerNorm Identity ReLU LeakyReLU GELU ELU SiLU Tanh Sigmoid LogSoftmax "
        "Softmax"
    ).split()
)
_NESTING = 12


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for found in loss_calls(file):
        if found.loss.word in ("cross_entropy", "nll_loss") and is_sequence(found.output):
            yield rule.at(found.call, loss=found.loss.shown)


def is_sequence(value: Value, path: Path = (), depth: int = _NESTING) -> bool:
    """Whether a value is on every way a batch of sequences, `(batch, time, features)`."""
    trace = Trace()
    ends = list(trace.ends(value, path)) if depth else []
    return bool(ends) and all(made_sequence(trace, end, depth - 1) for end in ends)


def made_sequence(trace: Trace, end: End, depth: int) -> bool:
    value, path = end
    call = value.node
    if not isinstance(call, ast.Call):
        return False
    entered = trace.entered(value) or forward_of(trace, value)
    if entered is not None:
        returned = trace.returned(entered)
        return bool(returned) and all(is_sequence(result, path, depth) for result in returned)
    first = value.at(call.args[0]) if call.args else None
    name = made_by(value)
    if name:
        effect = of_function(name)
        keeps = effect is Effect.SAME or (isinstance(effect, Kind) and effect is not Kind.LINEAR)
        return keeps and not path and first is not None and is_sequence(first, (), depth)
    match call.func:
        case ast.Attribute(attr=method, value=inner) if of_method(method) is Effect.SAME:
            return is_sequence(value.at(inner), path, depth)
    layers = trace.objects(value.at(call.func))
    return bool(layers) and all(layer_keeps(layer, first, path, depth) for layer in layers)


def layer_keeps(layer: End, first: Value | None, path: Path, depth: int) -> bool:
    """Whether a layer makes a batch of sequences of its argument."""
    name = made_by(layer.value)
    if name in _RECURRENT and isinstance(layer.value.node, ast.Call):
        told = [k.value for k in layer.value.node.keywords if k.arg == "batch_first"]
        return path == (0,) and bool(told) and constant(layer.value.at(told[0])) is True
    return name in _KEEPING and not path and first is not None and is_sequence(first, (), depth)
