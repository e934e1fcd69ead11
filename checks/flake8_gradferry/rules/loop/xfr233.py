"""A Keras 2 `train_step` on Keras 3: `compiled_metrics` spoils the logged loss.

## Why

SILENT. In Keras 2 the loss was tracked by `compiled_loss`, and `compiled_metrics` held the metrics
alone. In Keras 3 `self.metrics` holds the loss's tracker too, and what is left of
`compiled_metrics.update_state(y, y_pred)` updates every mean among them with the model's *output*.
Measured on Keras 3.15 (a deprecation warning is all there is to see): a mean squared error of 9.0
is logged as 0.0, the mean of the outputs, to callbacks, early stopping and checkpoints.

## Bad

```python
import keras
import numpy as np
import tensorflow as tf


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1, kernel_initializer="zeros")

    def call(self, x):
        return self.out(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.compiled_metrics.update_state(y, y_pred)  # XFR233
        return {m.name: m.result() for m in self.metrics}


model = Net()
model.compile(optimizer="sgd", loss="mse", metrics=["mae"])
history = model.fit(np.ones((4, 2)), np.full((4, 1), 3.0), batch_size=4, verbose=0).history
```

## Good

```python
import keras
import numpy as np
import tensorflow as tf


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1, kernel_initializer="zeros")

    def call(self, x):
        return self.out(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


model = Net()
model.compile(optimizer="sgd", loss="mse", metrics=["mae"])
history = model.fit(np.ones((4, 2)), np.full((4, 1), 3.0), batch_size=4, verbose=0).history
```

## When it stays quiet

- The file is for Keras 2: it imports `tf_keras` or modules that Keras 3 does not have, sets
  `TF_USE_LEGACY_KERAS`, or the project's requirements keep TensorFlow below 2.16 or Keras below 3.
- The class is not seen to be a Keras model, or makes its own `compiled_metrics`.
- `self.compiled_loss` alone: it hands over to `compute_loss` and gives the right number.

## Fix

Write `self.compute_loss(x, y, y_pred)` for `self.compiled_loss(y, y_pred, ...)`, and update the
loss's tracker by the loss, the others by `y, y_pred`.

## Seen at run time

The smoke check `learns` compares nothing with the logs; look at `history["loss"]` beside
`model.evaluate`.

## References

- https://keras.io/guides/custom_train_step_in_tensorflow/
- https://keras.io/guides/migrating_to_keras_3/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.kinds import defines
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage
from ...source.walk import File

rule = Rule(
    __name__,
    name="keras2-train-step",
    message="compiled_metrics spoils the logged loss in Keras 3 (SILENT); update self.metrics",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="either",
    keras_3=True,
)


@rule.method("update_state")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    match call.func:
        case ast.Attribute(
            value=ast.Attribute(attr="compiled_metrics", value=ast.Name(id="self") as model)
        ):
            cls = file.method_class(call)
            if cls is None or not lineage(file, cls).is_keras_model:
                return
            if not defines(file, model, "compiled_metrics"):
                yield rule.at(call)
