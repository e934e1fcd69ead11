"""`train()` on a Keras model that runs on the torch backend.

## Why

SILENT. On the torch backend a Keras model is a torch module and has `train()` and `eval()`, but
its Keras layers do not look at that flag: each call is told by `training=`, and a call that is told
nothing runs as in evaluation. Measured on Keras 3.15: after `model.train()` no output of
`Dropout(0.5)` is 0, with `training=True` half of them are.

## Bad

```python
import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch

model = keras.Sequential([keras.Input((64,)), keras.layers.Dropout(0.5)])
model.train()  # XFR309
outputs = model(torch.ones(16, 64))
```

## Good

```python
import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch

model = keras.Sequential([keras.Input((64,)), keras.layers.Dropout(0.5)])
outputs = model(torch.ones(16, 64), training=True)
```

## When it stays quiet

- The file neither sets the torch backend nor imports torch and Keras without TensorFlow.
- The model is torch's own, or nothing in it is seen to depend on the mode.
- Every call of the model says what `training` is.

## Fix

Write `model(x, training=True)` in the training step and leave `train()` and `eval()` out.

## Seen at run time

`training_smoke`: `modes` (dropout and batch norm do not act in the step).

## References

- https://keras.io/guides/writing_a_custom_training_loop_in_torch/
- https://keras.io/api/layers/base_layer/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.modes import mode_dependent
from ...objects.kinds import defines, is_keras, keras_may_be_torch, kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins
from ...source.walk import File

rule = Rule(
    __name__,
    name="torch-mode-on-keras-torch-backend",
    message="{model}.train() leaves Keras layers as they are (SILENT); pass training=True",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
    keras_3=True,
)


@rule.method("train")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    match call:
        case ast.Call(func=ast.Attribute(value=model), args=[] | [ast.Constant(value=True)]):
            if (
                keras_may_be_torch(file)
                and is_keras(kind(file, model))
                and not defines(file, model, "train")
                and mode_dependent(file, model)
                and is_run_untold(file, model)
            ):
                yield rule.at(call, model=file.dotted(model) or "model")


def is_run_untold(file: File, model: ast.expr) -> bool:
    """Whether the file runs the model without saying what `training` is."""
    made = {origin.node for origin in origins(file, model)}
    name = (file.dotted(model) or "").rpartition(".")[2]
    return any(
        bool(call.args)
        and not any(keyword.arg in ("training", None) for keyword in call.keywords)
        and not made.isdisjoint(origin.node for origin in origins(file, call.func))
        for call in file.calls_by_name.get(name, ())
    )
