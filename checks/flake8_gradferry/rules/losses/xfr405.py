"""Output and target handed to a loss the wrong way round.

## Why

SILENT. PyTorch's losses are called `loss(output, target)`, those of Keras `loss(y_true, y_pred)`.
Cross-entropy and KL divergence are not symmetric: swapped, Keras' take the logarithm of clipped
zeros and ones, which is linear in the prediction and pushes it to 0 or 1; torch's
`binary_cross_entropy_with_logits` becomes linear in the logits and has no lower bound. Measured
for the two programs below: Keras' first loss is 8.2 where 0.90 is right, and the trained model's
true cross-entropy 1.14 against 0.45; torch's loss is -4.7 and falling. The squared and absolute
error, Huber and log-cosh are symmetric: their order does not matter and is not reported. Metrics of
Keras are called in the same order as its losses; precision and recall change places with it.

## Bad

```python
import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(0)
x = np.random.normal(size=(128, 8)).astype("float32")
y = (x[:, :1] + np.random.normal(size=(128, 1)) > 0).astype("float32")

model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
loss_fn = keras.losses.BinaryCrossentropy()
optimizer = keras.optimizers.SGD(2.0)
for step in range(50):
    with tf.GradientTape() as tape:
        predictions = model(x, training=True)
        loss = loss_fn(predictions, y)  # XFR405
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

```python
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 8)
y = (x[:, :1] > 0).float()

model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(50):
    optimizer.zero_grad()
    loss = F.binary_cross_entropy_with_logits(y, model(x))  # XFR405
    loss.backward()
    optimizer.step()
```

## Good

```python
import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(0)
x = np.random.normal(size=(128, 8)).astype("float32")
y = (x[:, :1] + np.random.normal(size=(128, 1)) > 0).astype("float32")

model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
loss_fn = keras.losses.BinaryCrossentropy()
optimizer = keras.optimizers.SGD(2.0)
for step in range(50):
    with tf.GradientTape() as tape:
        predictions = model(x, training=True)
        loss = loss_fn(y, predictions)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

```python
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 8)
y = (x[:, :1] > 0).float()

model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(50):
    optimizer.zero_grad()
    loss = F.binary_cross_entropy_with_logits(model(x), y)
    loss.backward()
    optimizer.step()
```

## When it stays quiet

- The losses that are symmetric, and arguments given by keyword.
- It is not clear for both arguments what they are. One must be seen to come from a model, an
  activation, a batch or a tensor of ones or zeros; the name of the other (`y_true`, `logits`)
  then counts. Names alone count where both are unmistakable.
- A function whose own parameters are handed on in their order: `def loss(y_pred, y_true)` may be
  given to `compile`, which fills them in Keras' order whatever they are called.
- Two outputs (distillation, consistency), detached outputs, names that contradict what is seen.

## Fix

Swap the two arguments.

## Seen at run time

`training_smoke`: `learns`. `parity`: `loss`.

## References

- https://docs.pytorch.org/docs/stable/nn.functional.html#loss-functions
- https://keras.io/api/losses/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.loss_names import ASYMMETRIC
from ...loss.losses import loss_calls
from ...loss.sides import Side, side
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value
from ...source.walk import File, position

rule = Rule(
    __name__,
    name="swapped-loss-arguments",
    message="{loss} takes the {side} first, gets {given} (SILENT: wrong loss); swap them",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for found in loss_calls(file):
        call = found.site.node
        assert isinstance(call, ast.Call)
        if found.loss.word not in ASYMMETRIC or found.target is None or len(call.args) < 2:
            continue
        if swapped(found.output, found.target):
            yield rule.at(
                found.call,
                loss=found.loss.shown,
                side="output" if found.loss.is_torch else "target",
                given=ast.unparse(call.args[0]),
            )


METRIC = "{metric} takes the target first, gets {given} (SILENT: wrong figure); swap them"


@rule.call(
    *(
        f"keras.metrics.{word}"
        for word in (
            "BinaryAccuracy SparseCategoricalAccuracy SparseTopKCategoricalAccuracy Precision "
            "TopKCategoricalAccuracy Recall AUC F1Score FBetaScore TruePositives TrueNegatives "
            "FalsePositives FalseNegatives KLDivergence BinaryCrossentropy CategoricalCrossentropy "
            "SparseCategoricalCrossentropy"
        ).split()
    )
)
def check_metric(file: File, made: ast.Call) -> Iterator[Finding]:
    match file.parent(made):
        case ast.Assign(targets=[ast.Name() | ast.Attribute() as target]):
            name = file.dotted(target) or ""
        case _:
            return
    last = name.rpartition(".")[2]
    updates = [*file.calls_by_name.get(last, ()), *file.calls_by_name.get("update_state", ())]
    for call in updates:
        if file.dotted(call.func) not in (name, f"{name}.update_state") or len(call.args) < 2:
            continue
        if isinstance(call.args[0], ast.Starred):
            continue
        if swapped(Value(file, call.args[1]), Value(file, call.args[0])):
            yield rule.at(call, METRIC, metric=name, given=ast.unparse(call.args[0]))


def swapped(output: Value, target: Value) -> bool:
    """Whether what stands in the place of the output is a target, and the reverse."""
    as_target = side(target)
    if as_target.side is not Side.OUTPUT:
        return False
    as_output = side(output)
    if as_output.side is not Side.TARGET:
        return False
    return as_target.seen or as_output.seen or not handed_on(output, target)


def handed_on(output: Value, target: Value) -> bool:
    """Whether both are parameters of one function, in the order in which they are passed."""
    function = output.file.function(output.node)
    first, second = sorted((output.node, target.node), key=position)
    match first, second:
        case ast.Name(id=one), ast.Name(id=other) if function is not None:
            names = [arg.arg for arg in function.args.args]
            return one in names and other in names[names.index(one) :]
    return False
