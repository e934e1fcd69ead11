"""Sigmoid outputs handed to `BCEWithLogitsLoss`, or logits to `BCELoss`.

## Why

SILENT for `BCEWithLogitsLoss`: it applies the sigmoid itself, so an output that went through one is
squashed twice, into (0.5, 0.73). The loss cannot fall below 0.503 for balanced classes and the
gradients shrink: measured after 200 steps, 0.53 against 0.04. LOUD for `BCELoss` on logits:
`RuntimeError: all elements of input should be between 0 and 1`, in the first step in which one is
not.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 8)
y = (x[:, :1] > 0).float()

model = nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(200):
    optimizer.zero_grad()
    loss = criterion(model(x), y)  # XFR406
    loss.backward()
    optimizer.step()
```

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 8)
y = (x[:, :1] > 0).float()

model = nn.Sequential(nn.Linear(8, 1))
criterion = nn.BCELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(200):
    optimizer.zero_grad()
    loss = criterion(model(x), y)  # XFR406
    loss.backward()
    optimizer.step()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 8)
y = (x[:, :1] > 0).float()

model = nn.Sequential(nn.Linear(8, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(200):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 8)
y = (x[:, :1] > 0).float()

model = nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())
criterion = nn.BCELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(200):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

## When it stays quiet

- Some way to the output, or some way to the loss, cannot be seen; any other activation.
- The sigmoid is applied after the loss, for metrics.
- TensorFlow's and Keras' losses: XFR402 and XFR403 look at those.

## Fix

Keep `BCEWithLogitsLoss` (the steadier of the two) and return logits from the model; apply `sigmoid`
where probabilities are wanted.

## Seen at run time

`training_smoke`: `loss-input`, and `learns` (the loss stays above its floor). `parity`: `loss`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
- https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.losses import loss_calls
from ...loss.outputs import PROBABILITIES, Kind, agreed, place
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="sigmoid-mismatch",
    message="{loss} gets {made} of {where} (SILENT: learns badly); pass logits",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

LOGITS = "{loss} gets logits of {where}, raises outside 0..1; use BCEWithLogitsLoss"


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for found in loss_calls(file):
        word, shown = found.loss.word, found.loss.shown
        if not word.startswith("binary_cross_entropy"):
            continue
        first = found.outputs[0]
        where = place(file, first)
        if word == "binary_cross_entropy":
            if agreed(found.outputs, Kind.LINEAR):
                yield rule.at(found.call, LOGITS, loss=shown, where=where)
        elif agreed(found.outputs, *PROBABILITIES):
            yield rule.at(found.call, loss=shown, made=first.kind.value, where=where)
