"""A KL divergence given probabilities where it takes their logarithms, or the reverse.

## Why

SILENT. `F.kl_div(input, target)` takes *log*-probabilities as input and probabilities as target
(logarithms too with `log_target=True`); Keras' `KLDivergence` takes probabilities on both sides and
clips everything else into (0, 1). Measured on equal distributions, where 0 is right: torch gives
-1.33 on probabilities, NaN on a target of logarithms, Keras 15.3 on logarithms.

## Bad

```python
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 8)
teacher = F.softmax(x[:, :4], dim=1)

student = nn.Linear(8, 4)
optimizer = torch.optim.SGD(student.parameters(), lr=0.5)
for step in range(100):
    optimizer.zero_grad()
    loss = F.kl_div(F.softmax(student(x), dim=1), teacher, reduction="batchmean")  # XFR407
    loss.backward()
    optimizer.step()
```

```python
import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(64, 8)).astype("float32")
y = keras.ops.softmax(x[:, :4])

model = keras.Sequential([keras.layers.Dense(4, activation="log_softmax")])
model.compile("adam", loss=keras.losses.KLDivergence())  # XFR407
history = model.fit(x, y, epochs=2, verbose=0)
```

## Good

```python
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 8)
teacher = F.softmax(x[:, :4], dim=1)

student = nn.Linear(8, 4)
optimizer = torch.optim.SGD(student.parameters(), lr=0.5)
for step in range(100):
    optimizer.zero_grad()
    loss = F.kl_div(F.log_softmax(student(x), dim=1), teacher, reduction="batchmean")
    loss.backward()
    optimizer.step()
```

```python
import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(64, 8)).astype("float32")
y = keras.ops.softmax(x[:, :4])

model = keras.Sequential([keras.layers.Dense(4, activation="softmax")])
model.compile("adam", loss=keras.losses.KLDivergence())
history = model.fit(x, y, epochs=2, verbose=0)
```

## When it stays quiet

- Some way to the argument, or some way to the loss, cannot be seen.
- A target of logarithms with `log_target=True`.

## Fix

torch: `log_softmax` for the input, `softmax` for the target. Keras: `softmax` on both sides.

## Seen at run time

`training_smoke`: `loss-input`. `parity`: `loss`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
- https://keras.io/api/losses/probabilistic_losses/#kldivergence-class
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.compiles import compiled
from ...loss.losses import LossCall, loss_calls
from ...loss.outputs import (
    PROBABILITIES,
    Kind,
    Outputs,
    agreed,
    model_outputs,
    place,
    value_outputs,
)
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="kl-div-on-probabilities",
    message="{loss} gets {made} of {where} (SILENT: wrong loss); pass {right}",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="either",
)

TARGET = "{loss}'s target is {made} of {where} (SILENT: wrong loss); pass {right}"
_NO_PROBABILITIES = (Kind.LOG_SOFTMAX, Kind.LINEAR)
_NO_LOGARITHMS = (*PROBABILITIES, Kind.LINEAR)


@rule.node(ast.Module)
def check_calls(file: File, tree: ast.Module) -> Iterator[Finding]:
    for found in loss_calls(file):
        if found.loss.word == "kl_div":
            yield from check_torch(file, found)
        elif found.loss.word == "kl_divergence" and agreed(found.outputs, *_NO_PROBABILITIES):
            yield report(file, found.call, found.loss.shown, found.outputs, "softmax")


@rule.method("compile")
def check_compile(file: File, call: ast.Call) -> Iterator[Finding]:
    said = compiled(file, call)
    if said is None or said.loss.word != "kl_divergence":
        return
    if agreed(found := model_outputs(file, said.model), *_NO_PROBABILITIES):
        yield report(file, said.node, said.loss.shown, found, "softmax")


def check_torch(file: File, found: LossCall) -> Iterator[Finding]:
    shown = found.loss.shown
    if agreed(found.outputs, *_NO_LOGARITHMS):
        yield report(file, found.call, shown, found.outputs, "log_softmax")
        return
    if found.target is None or None in found.loss.options:
        return
    takes_logarithms = found.loss.options.get("log_target", False)
    target = value_outputs(found.target)
    if takes_logarithms is False and agreed(target, Kind.LOG_SOFTMAX):
        yield report(file, found.call, shown, target, "softmax", TARGET)
    elif takes_logarithms is True and agreed(target, *PROBABILITIES):
        yield report(file, found.call, shown, target, "log_softmax", TARGET)


def report(
    file: File, node: ast.AST, loss: str, found: Outputs, right: str, message: str | None = None
) -> Finding:
    first = found[0]
    made = "logits" if first.kind is Kind.LINEAR else first.kind.value
    return rule.at(node, message, loss=loss, made=made, where=place(file, first), right=right)
