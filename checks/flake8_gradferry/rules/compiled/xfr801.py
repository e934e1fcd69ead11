"""A variable, layer, metric or optimizer made inside a `tf.function`.

## Why

LOUD. What has variables makes them when it is made, and a traced function may make variables only
once, in its first call. In PyTorch, where nothing is traced, it merely starts anew each time.
Observed on TensorFlow 2.21 and Keras 3.15, at the first call: `ValueError: tf.function only
supports singleton tf.Variables created on the first call`.

## Bad

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


@tf.function
def train_step(x, y):
    optimizer = keras.optimizers.Adam(0.01)  # XFR801
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


loss = train_step(tf.ones((4, 2)), tf.ones((4, 1)))
```

## Good

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.Adam(0.01)


@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


loss = train_step(tf.ones((4, 2)), tf.ones((4, 1)))
```

## When it stays quiet

- It is made under a condition (`if self.weight is None:`), in a `try`, or in `tf.init_scope()`.
- Layers without variables and losses: `Flatten`, `ReLU`, `MeanSquaredError`.
- The function is not seen to be traced, or is called where the error is expected.

## Fix

Make it once, before the function or in `__init__`, and use it in the function.

## Seen at run time

`training_smoke` with your own `step`, traced: the step raises, and the report says why; `compiled`
where it is run alone.

## References

- https://www.tensorflow.org/guide/function#creating_tfvariables
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.layer_names import WEIGHTED
from ...model.modes import SWITCHES
from ...objects.optimizers import KERAS_CLASSES
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.infer import calls_of
from ...source.traced import traced
from ...source.walk import FUNCTIONS, File

rule = Rule(
    __name__,
    name="created-in-tf-function",
    message="{thing} is made inside the tf.function {function}(); make it once, outside",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)

_METRICS = (
    "AUC Accuracy BinaryAccuracy BinaryCrossentropy CategoricalAccuracy CategoricalCrossentropy "
    "F1Score FalseNegatives FalsePositives IoU Mean MeanAbsoluteError MeanIoU MeanSquaredError "
    "Precision Recall RootMeanSquaredError SparseCategoricalAccuracy "
    "SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy Sum TopKCategoricalAccuracy "
    "TrueNegatives TruePositives"
).split()


@rule.call(
    "tensorflow.Variable",
    *KERAS_CLASSES,
    *(f"keras.metrics.{name}" for name in _METRICS),
    *(name for name in {*WEIGHTED, *SWITCHES} if name.startswith("keras.layers.")),
)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    functions = traced(file)
    between: list[ast.AST] = []
    for above in file.ancestors(call):
        inside = isinstance(above, FUNCTIONS) and call.lineno >= above.body[0].lineno
        if inside and above in functions:
            meant = any(expects_error(file, run) for run in calls_of(file, above))
            if not meant and not any(makes_once(file, node) for node in between):
                shown = file.dotted(call.func) or "this"
                yield rule.at(call, thing=shown, function=above.name)
            return
        between.append(above)


def makes_once(file: File, node: ast.AST) -> bool:
    """Whether a block runs in the first call alone, or outside of the graph."""
    if isinstance(node, ast.With):
        managers = [item.context_expr for item in node.items]
        return any(
            isinstance(manager, ast.Call)
            and file.qualified(manager.func) == "tensorflow.init_scope"
            for manager in managers
        )
    return isinstance(node, ast.If | ast.IfExp | ast.Try)
