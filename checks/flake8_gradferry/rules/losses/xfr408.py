"""One-hot labels for a loss that takes class numbers, and the reverse.

## Why

LOUD. Keras has two losses for the two ways to write labels: `categorical_crossentropy` takes
one-hot rows, `sparse_categorical_crossentropy` class numbers, and each raises `ValueError` (shapes
or ranks differ) on the other. In torch one `cross_entropy` takes both, but one-hot rows must be
floats (`RuntimeError: Expected floating point type for target with class probabilities, got
Long`), and `F.one_hot` gives integers; the binary losses take floats alone.

## Bad

```python
import keras
import numpy as np

x = np.random.normal(size=(64, 8)).astype("float32")
y = keras.utils.to_categorical(x[:, :4].argmax(1))

model = keras.Sequential([keras.layers.Dense(4, activation="softmax")])
model.compile("adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, verbose=0)  # XFR408
```

```python
import keras
import numpy as np

x = np.random.normal(size=(64, 8)).astype("float32")
y = x[:, :4].argmax(1)

model = keras.Sequential([keras.layers.Dense(4, activation="softmax")])
model.compile("adam", loss="categorical_crossentropy")
model.fit(x, y, verbose=0)  # XFR408
```

```python
import torch
import torch.nn.functional as F
from torch import nn

x = torch.randn(64, 8)
y = x[:, :4].argmax(1)
model = nn.Linear(8, 4)
loss = F.cross_entropy(model(x), F.one_hot(y, 4))  # XFR408
```

## Good

```python
import keras
import numpy as np

x = np.random.normal(size=(64, 8)).astype("float32")
y = x[:, :4].argmax(1)

model = keras.Sequential([keras.layers.Dense(4, activation="softmax")])
model.compile("adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, verbose=0)
```

```python
import torch
import torch.nn.functional as F
from torch import nn

x = torch.randn(64, 8)
y = x[:, :4].argmax(1)
model = nn.Linear(8, 4)
loss = F.cross_entropy(model(x), F.one_hot(y, 4).float())
```

## When it stays quiet

- It is not seen on every way what the labels are.
- Float one-hot rows or soft labels for torch's `cross_entropy`.

## Fix

Take the loss that fits the labels; it is cheaper to keep class numbers than to make them one-hot.

## Seen at run time

The framework raises.

## References

- https://keras.io/api/losses/probabilistic_losses/
- https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.losses import LossCall, loss_calls
from ...loss.targets import Labels, fits, labels
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value, made_by
from ...source.values import Trace
from ...source.walk import File

rule = Rule(
    __name__,
    name="label-encoding-mismatch",
    message="{loss} raises on {labels}; use {right}",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="either",
)

# What each loss of Keras does not take, and which one does.
_REFUSED = {
    "sparse_categorical_crossentropy": (Labels.ONE_HOT, "categorical_crossentropy"),
    "categorical_crossentropy": (Labels.INDICES, "sparse_categorical_crossentropy"),
    "categorical_focal_crossentropy": (Labels.INDICES, "to_categorical(y)"),
}
_OF_FLOATS = ("binary_cross_entropy", "binary_cross_entropy_with_logits")


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for found in loss_calls(file):
        if found.target is None:
            continue
        if found.loss.is_torch:
            yield from check_torch(file, found)
        elif found.loss.word in _REFUSED:
            yield from check_keras(
                file, found.call, found.loss.shown, found.loss.word, found.target
            )
    for fit in fits(file):
        loss = fit.compiled.loss
        if loss.word in _REFUSED:
            yield from check_keras(file, fit.call, loss.shown, loss.word, fit.target)


def check_keras(
    file: File, call: ast.Call, shown: str, word: str, target: Value
) -> Iterator[Finding]:
    refused, right = _REFUSED[word]
    if labels(target) is refused:
        yield rule.at(call, loss=shown, labels=refused.value, right=right)


def check_torch(file: File, found: LossCall) -> Iterator[Finding]:
    assert found.target is not None
    calls = [end.value for end in Trace().ends(found.target)]
    if found.loss.word == "cross_entropy":
        if calls and all(is_integer_one_hot(value) for value in calls):
            right = "the class numbers, or one_hot(...).float()"
            yield rule.at(found.call, loss=found.loss.shown, labels="integer one-hot", right=right)
    elif found.loss.word in _OF_FLOATS and calls and all(is_long(value) for value in calls):
        yield rule.at(found.call, loss=found.loss.shown, labels="integers", right="y.float()")


def is_integer_one_hot(value: Value) -> bool:
    """`F.one_hot(y, n)` gives integers until they are cast."""
    match value.node:
        case ast.Call():
            return made_by(value) == "torch.nn.functional.one_hot"
    return False


def is_long(value: Value) -> bool:
    match value.node:
        case ast.Call(func=ast.Attribute(attr="long"), args=[]):
            return True
        case ast.Call():
            return made_by(value) == "torch.nn.functional.one_hot"
    return False
