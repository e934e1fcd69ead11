"""A Keras cross-entropy on logits without `from_logits=True`.

## Why

SILENT. PyTorch's cross-entropies take logits; those of Keras take probabilities unless told
`from_logits=True`. On the output of a bare `Dense(10)` they clip the logits into (0, 1) and take
their logarithm. Measured with 10 classes: the first loss is 10.57 where ln 10 = 2.30 is right,
training ends at accuracy 0.10 against 0.88. Nothing warns, and Keras repairs nothing.

## Bad

```python
import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(256, 8)).astype("float32")
y = x[:, :4].argmax(1)

model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(4)])
model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])  # XFR402
history = model.fit(x, y, epochs=2, verbose=0)
```

```python
import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(0)
x = np.random.normal(size=(256, 8)).astype("float32")
y = x[:, :4].argmax(1)


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(16, activation="relu")
        self.out = keras.layers.Dense(4)

    def call(self, x):
        return self.out(self.hidden(x))


model = Net()
loss_fn = keras.losses.SparseCategoricalCrossentropy()
with tf.GradientTape() as tape:
    logits = model(x, training=True)
    loss = loss_fn(y, logits)  # XFR402
gradients = tape.gradient(loss, model.trainable_variables)
```

## Good

```python
import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(256, 8)).astype("float32")
y = x[:, :4].argmax(1)

model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(4)])
model.compile(
    "adam",
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
history = model.fit(x, y, epochs=2, verbose=0)
```

```python
import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(0)
x = np.random.normal(size=(256, 8)).astype("float32")
y = x[:, :4].argmax(1)


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(16, activation="relu")
        self.out = keras.layers.Dense(4)

    def call(self, x):
        return self.out(self.hidden(x))


model = Net()
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
with tf.GradientTape() as tape:
    logits = model(x, training=True)
    loss = loss_fn(y, logits)
gradients = tape.gradient(loss, model.trainable_variables)
```

## When it stays quiet

- The last operation cannot be seen, or is an activation of any kind, on some way to the output.
- `from_logits` is given as something other than a constant.
- Models of several outputs, lists and dicts of several losses, models whose class computes its own
  loss (`train_step`, `compute_loss`).
- `tf.nn.*_with_logits`, which take logits.

## Fix

Pass the loss as an object with `from_logits=True`, or end the model in `softmax` (`sigmoid` for
the binary one). With logits, accuracy of a binary model needs `BinaryAccuracy(threshold=0.0)`.

## Seen at run time

`training_smoke`: `loss-input` (the output is not a probability). `parity`: `loss`.

## References

- https://keras.io/api/losses/probabilistic_losses/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.compiles import compiled
from ...loss.losses import loss_calls
from ...loss.outputs import Kind, agreed, model_outputs, place
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="missing-from-logits",
    message="{loss} gets logits of {where} (SILENT: no learning); set from_logits=True",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)


@rule.node(ast.Module)
def check_calls(file: File, tree: ast.Module) -> Iterator[Finding]:
    for found in loss_calls(file):
        if found.loss.from_logits is False and agreed(found.outputs, Kind.LINEAR):
            where = place(file, found.outputs[0])
            yield rule.at(found.call, loss=found.loss.shown, where=where)


@rule.method("compile")
def check_compile(file: File, call: ast.Call) -> Iterator[Finding]:
    said = compiled(file, call)
    if said is None or said.loss.from_logits is not False:
        return
    if agreed(found := model_outputs(file, said.model), Kind.LINEAR):
        yield rule.at(said.node, loss=said.loss.shown, where=place(file, found[0]))
