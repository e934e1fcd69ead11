"""Gradients of the trainable variables paired with all variables.

## Why

LOUD where the shapes differ, else SILENT. `model.variables` and `model.weights` hold what is not
trained too (moving statistics, frozen layers), in the order of the layers: the pairs slip. Observed
on Keras 3.15: `InvalidArgumentError: Cannot update variable with shape [4] using a Tensor with
shape [4,1]`; with two BatchNormalization layers every shape fits, the gradient of the second
layer's scale moves the first layer's moving mean, and the second layer learns nothing.

## Bad

```python
import keras
import tensorflow as tf

keras.utils.set_random_seed(0)
layers = [keras.layers.BatchNormalization(), keras.layers.BatchNormalization()]
model = keras.Sequential([keras.Input((4,)), *layers])
optimizer = keras.optimizers.SGD(0.1)
x = tf.random.normal((8, 4), seed=1)

with tf.GradientTape() as tape:
    loss = tf.reduce_mean((model(x, training=True) - 3.0) ** 2)
gradients = tape.gradient(loss, model.trainable_variables)
optimizer.apply_gradients(zip(gradients, model.variables))  # XFR210
```

## Good

```python
import keras
import tensorflow as tf

keras.utils.set_random_seed(0)
layers = [keras.layers.BatchNormalization(), keras.layers.BatchNormalization()]
model = keras.Sequential([keras.Input((4,)), *layers])
optimizer = keras.optimizers.SGD(0.1)
x = tf.random.normal((8, 4), seed=1)

with tf.GradientTape() as tape:
    loss = tf.reduce_mean((model(x, training=True) - 3.0) ** 2)
gradients = tape.gradient(loss, model.trainable_variables)
optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## When it stays quiet

- The same attribute on both sides, or `trainable_variables` with `trainable_weights`.
  `model.variables` in both places works: what is not trained has no gradient and is left alone.
- Every layer of the model is seen and none has anything that is not trained.

## Fix

`model.trainable_variables` in both places.

## Seen at run time

`training_smoke` with your own `step`: `updates` (a weight that should move does not).

## References

- https://keras.io/guides/transfer_learning/
- https://keras.io/api/layers/base_layer/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.modes import mode_dependent
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins
from ...source.walk import File
from ...tape.tapes import given_pairs, gradients

rule = Rule(
    __name__,
    name="gradients-of-other-variables",
    message="gradients of {asked} are paired with {model}.{given}; pair with {model}.{asked}",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
)
_TRAINED = frozenset(("trainable_variables", "trainable_weights"))
_ALL = frozenset(("variables", "weights"))


@rule.method("apply_gradients", "apply")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    match call.func, given_pairs(call):
        case ast.Attribute(attr="apply_gradients"), [ast.Call(func=ast.Name(id="zip")) as pairs]:
            sides = pairs.args
        case ast.Attribute(attr="apply"), given:
            sides = given
        case _:
            return
    if len(sides) != 2:
        return
    paired = held(file, sides[1])
    if paired is None:
        return
    taken = gradients(file, sides[0])
    if taken is None or len(taken.args) < 2 or taken not in file.index[ast.Call]:
        return
    asked = held(file, taken.args[1])
    if asked is None or file.dotted(asked.value) != file.dotted(paired.value):
        return
    if {asked.attr, paired.attr} <= _TRAINED or {asked.attr, paired.attr} <= _ALL:
        return
    if mode_dependent(file, paired.value) is False:
        return
    model = file.dotted(paired.value) or "model"
    yield rule.at(call, model=model, asked=asked.attr, given=paired.attr)


def held(file: File, node: ast.expr) -> ast.Attribute | None:
    """The `model.variables` that an expression is, under any of its names."""
    ends = origins(file, node)
    if len(ends) != 1 or ends[0].path or ends[0].file is not file:
        return None
    match ends[0].node:
        case ast.Attribute(attr=attr) as found if attr in _TRAINED | _ALL and file.dotted(found):
            return found
    return None
