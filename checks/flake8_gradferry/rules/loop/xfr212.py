"""A loss that goes through numpy, `float()` or `predict()` inside the tape.

## Why

SILENT. torch refuses `.numpy()` on a tensor that needs its gradient; TensorFlow hands the values
out, and what is computed of them is a constant to the tape. Measured on TensorFlow 2.21: every
gradient is None (Keras then raises "No gradients provided for any variable"); where only a term of
the loss goes through numpy, training goes on as if the term were not there.

## Bad

```python
import keras
import numpy as np
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
x, y = tf.ones((4, 3)), tf.zeros((4, 1))

with tf.GradientTape() as tape:
    predictions = model(x, training=True)
    loss = tf.reduce_mean(np.square(predictions - y))  # XFR212
gradients = tape.gradient(loss, model.trainable_variables)
```

```python
import keras
import numpy as np
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
x, y = tf.ones((4, 3)), tf.zeros((4, 1))

with tf.GradientTape() as tape:
    predictions = model(x, training=True)
    size = np.abs(predictions.numpy()).mean()  # XFR212
    loss = tf.reduce_mean(tf.square(predictions - y)) + 10.0 * size
gradients = tape.gradient(loss, model.trainable_variables)
```

## Good

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
x, y = tf.ones((4, 3)), tf.zeros((4, 1))

with tf.GradientTape() as tape:
    predictions = model(x, training=True)
    size = tf.reduce_mean(tf.abs(predictions))
    loss = tf.reduce_mean(tf.square(predictions - y)) + 10.0 * size
gradients = tape.gradient(loss, model.trainable_variables)
```

## When it stays quiet

- Values that are only logged, or that scale or mask something that does lead to the weights
  (bootstrapped targets, class weights).
- numpy on labels and inputs.
- A value that cannot be followed.

## Fix

Use TensorFlow's or `keras.ops`' function of the same name; `model(x)` instead of
`model.predict(x)`; the loss itself instead of a metric's running mean.

## Seen at run time

`training_smoke` with your own `step`: `gradients` (no weight gets one).

## References

- https://www.tensorflow.org/guide/autodiff#getting_a_gradient_of_none
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File
from ...tape.recorded import Why, lost, shown

rule = Rule(
    __name__,
    name="numpy-inside-tape",
    message="{what} leaves the tape: no gradient for {weights} (SILENT); use tf's own ops",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)


@rule.method("gradient", "jacobian", "batch_jacobian")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    for found in lost(file, call):
        if found.at.why is Why.VALUES:
            node = found.at.node if found.at.file is file else call
            yield rule.at(node, what=shown(found.at), weights=found.weights)
