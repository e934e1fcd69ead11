"""Softmax or sigmoid outputs handed to PyTorch's cross-entropy, which takes logits.

## Why

SILENT. Keras' `CategoricalCrossentropy` takes probabilities by default, `nn.CrossEntropyLoss` takes
logits and applies `log_softmax` itself. A ported model that keeps its softmax is squashed twice:
the loss cannot fall below a floor (0.744 for 4 classes, 1.461 for 10), gradients are a fraction of
what they should be. Measured with 10 classes, 300 steps: loss 2.307 -> 2.154 and accuracy 0.50,
against 2.392 -> 0.509 and 0.84 on logits; the first gradient norm is 0.037 against 0.468.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 8)
y = x[:, :4].argmax(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(8, 16)
        self.out = nn.Linear(16, 4)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        return self.softmax(self.out(torch.relu(self.hidden(x))))


model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(300):
    optimizer.zero_grad()
    loss = criterion(model(x), y)  # XFR401
    loss.backward()
    optimizer.step()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 8)
y = x[:, :4].argmax(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(8, 16)
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x)))


model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(300):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
```

## When it stays quiet

- `log_softmax` outputs: softmax maps them to themselves, so the loss is right.
- Some way to the output, or some way to the loss, cannot be seen or is not a softmax: a model that
  applies softmax only `if not self.training`, or on request, or one of several models.
- Softmax on the targets (distillation, soft labels), or only for metrics after the loss.
- Attention weights and other softmaxes inside the model.

## Fix

Return the logits from the model, and apply `softmax` where probabilities are wanted: in the
evaluation, or in the exported model. The class with the largest probability is the same.

## Seen at run time

`training_smoke`: `loss-input`, and `learns` (the loss stays above its floor). `parity`: `loss`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.losses import loss_calls
from ...loss.outputs import PROBABILITIES, agreed, place
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="softmax-before-cross-entropy",
    message="{loss} gets {made} of {where} (SILENT: learns badly); pass logits",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for found in loss_calls(file):
        if found.loss.word == "cross_entropy" and agreed(found.outputs, *PROBABILITIES):
            first = found.outputs[0]
            yield rule.at(
                found.call,
                loss=found.loss.shown,
                made=first.kind.value,
                where=place(file, first),
            )
