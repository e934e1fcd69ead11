"""A seed for the framework that the file does not train with.

## Why

SILENT. Each framework has generators of its own: `torch.manual_seed` does nothing for TensorFlow
and Keras, `tf.random.set_seed` nothing for PyTorch. The call that was carried over in a port runs,
and the weights still start elsewhere each time. Measured: the first weight of two runs differs, and
is the same with the right call.

## Bad

```python
import keras
import numpy as np
import torch

x = np.ones((8, 4), "float32")
torch.manual_seed(0)  # XFR703
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x, x[:, :1], epochs=1, verbose=0)
first_weight = float(model.get_weights()[0][0, 0])
```

```python
import torch
import tensorflow as tf
from torch import nn

x = torch.ones(8, 4)
tf.random.set_seed(0)  # XFR703
model = nn.Linear(4, 1)
first_weight = model.weight[0, 0].item()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
optimizer.zero_grad()
nn.functional.mse_loss(model(x), x[:, :1]).backward()
optimizer.step()
```

## Good

```python
import keras
import numpy as np

x = np.ones((8, 4), "float32")
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x, x[:, :1], epochs=1, verbose=0)
first_weight = float(model.get_weights()[0][0, 0])
```

```python
import torch
from torch import nn

x = torch.ones(8, 4)
torch.manual_seed(0)
model = nn.Linear(4, 1)
first_weight = model.weight[0, 0].item()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
optimizer.zero_grad()
nn.functional.mse_loss(model(x), x[:, :1]).backward()
optimizer.step()
```

## When it stays quiet

- The file uses the seeded framework for anything but seeds and settings, or seeds both.
- A helper whose name speaks of seeds is called: it may do what is missing.
- The file sets another Keras backend than TensorFlow.

## Fix

`keras.utils.set_random_seed(n)` seeds Python, NumPy and the backend; `torch.manual_seed(n)` torch.

## Seen at run time

`training_smoke`: `reproducible`.

## References

- https://keras.io/api/utils/python_utils/#setrandomseed-function
- https://docs.pytorch.org/docs/stable/notes/randomness.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.versions import backend
from ...source.walk import File

rule = Rule(
    __name__,
    name="seed-of-wrong-framework",
    message="{call} does not seed {other} (SILENT: runs differ); call {right}",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="either",
)

_TORCH_SEEDS = ("torch.manual_seed", "torch.cuda.manual_seed", "torch.cuda.manual_seed_all")
_TENSORFLOW_SEEDS = ("tensorflow.random.set_seed", "tensorflow.set_random_seed")
# What a seeding helper touches besides.
_TORCH_SETTINGS = (*_TORCH_SEEDS, "torch.cuda", "torch.backends")
_TENSORFLOW_SETTINGS = (*_TENSORFLOW_SEEDS, "tensorflow.config")
_SEEDS = re.compile(r"seed", re.I)


@rule.call(*_TORCH_SEEDS)
def check_torch_seed(file: File, call: ast.Call) -> Iterator[Finding]:
    if trains_keras(file) and only_set(file, "torch", _TORCH_SETTINGS) and alone(file, "torch"):
        yield rule.at(
            call,
            call=ast.unparse(call.func),
            other="TensorFlow or Keras",
            right="keras.utils.set_random_seed",
        )


@rule.call(*_TENSORFLOW_SEEDS)
def check_tensorflow_seed(file: File, call: ast.Call) -> Iterator[Finding]:
    trains = "backward" in file.calls_by_name and "step" in file.calls_by_name
    if not trains or trains_keras(file) or not alone(file, "tensorflow"):
        return
    if only_set(file, "tensorflow", _TENSORFLOW_SETTINGS) and only_set(file, "keras", ()):
        yield rule.at(call, call=ast.unparse(call.func), other="PyTorch", right="torch.manual_seed")


def trains_keras(file: File) -> bool:
    """Whether the file itself trains a model of Keras or TensorFlow, on the usual backend."""
    if backend(file) not in ("", "tensorflow"):
        return False
    roots = {name.partition(".")[0] for name in file.imports.values()}
    calls = file.calls_by_name
    fits = "fit" in calls and "compile" in calls
    return bool(roots & {"keras", "tensorflow"}) and (fits or "apply_gradients" in calls)


def only_set(file: File, framework: str, settings: tuple[str, ...]) -> bool:
    """Whether all that the file uses of a framework are seeds and settings."""
    for node in file.index[ast.Name]:
        if not (file.imports.get(node.id) or "").startswith(framework):
            continue
        whole: ast.AST = node
        while isinstance(above := file.parent(whole), ast.Attribute):
            whole = above
        name = file.qualified(whole) or ""
        if not any(name == word or name.startswith(word + ".") for word in settings):
            return False
    return True


def alone(file: File, framework: str) -> bool:
    """Whether no other seed is set that may be the right one: `seed_everything(0)`."""
    for word, calls in file.calls_by_name.items():
        if not _SEEDS.search(word):
            continue
        for call in calls:
            root = (file.qualified(call.func) or "").partition(".")[0]
            if root != framework and root not in ("numpy", "random"):
                return False
    return True
