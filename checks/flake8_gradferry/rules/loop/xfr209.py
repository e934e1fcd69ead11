"""A model run, or a loss computed, outside the tape that is asked for its gradient.

## Why

LOUD, and SILENT where only a part is outside. In torch every operation is recorded wherever it
stands; a `tf.GradientTape` records what runs inside its `with` block and nothing else. The
gradients are None. Observed on Keras 3.15: `ValueError: No gradients provided for any variable.`;
with one of two terms outside training goes on without that term.

## Bad

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.1)
x, y = tf.ones((4, 3)), tf.zeros((4, 1))

predictions = model(x, training=True)  # XFR209
with tf.GradientTape() as tape:
    loss = tf.reduce_mean((predictions - y) ** 2)
gradients = tape.gradient(loss, model.trainable_variables)
optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.1)
x, y = tf.ones((4, 3)), tf.zeros((4, 1))

with tf.GradientTape() as tape:
    predictions = model(x, training=True)
loss = tf.reduce_mean((predictions - y) ** 2)  # XFR209
gradients = tape.gradient(loss, model.trainable_variables)
optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## Good

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.1)
x, y = tf.ones((4, 3)), tf.zeros((4, 1))

with tf.GradientTape() as tape:
    predictions = model(x, training=True)
    loss = tf.reduce_mean((predictions - y) ** 2)
gradients = tape.gradient(loss, model.trainable_variables)
optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## When it stays quiet

- Features of a frozen model, or the other half of a GAN, computed before the block: the gradient
  is not asked for their weights.
- A part that is outside on purpose, where another leads to the weights: targets of reinforcement
  learning, a teacher's predictions.
- Losses computed by functions, methods or attributes that cannot be seen.

## Fix

Move the line into the `with` block.

## Seen at run time

`training_smoke` with your own `step`: `gradients` (no weight gets one).

## References

- https://www.tensorflow.org/guide/autodiff
- https://www.tensorflow.org/api_docs/python/tf/GradientTape
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File
from ...tape.recorded import Why, lost, shown
from .xfr223 import is_derivative

rule = Rule(
    __name__,
    name="forward-outside-tape",
    message="{what} runs outside the tape: no gradient for {weights}; move it into the with",
    harm=Harm.LOUD,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)


@rule.method("gradient", "jacobian", "batch_jacobian")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    for found in lost(file, call):
        if found.at.why is Why.OUTSIDE and not is_derivative(found):
            node = found.at.node if found.at.file is file else call
            yield rule.at(node, what=shown(found.at), weights=found.weights)
