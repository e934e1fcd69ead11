"""Softmax or sigmoid outputs handed to a TensorFlow or Keras loss that is told they are logits.

## Why

SILENT. The loss applies softmax (or sigmoid) to what already went through one: it cannot fall
below a floor and gradients shrink. Measured with 4 classes: the loss of a perfect prediction is
0.744 instead of 0; a tape loop with `tf.nn.softmax` in `call` ends at accuracy 0.55 against 0.88.

Keras on the TensorFlow backend repairs the plain cases with no more than a UserWarning: where the
very last operation is `Dense(activation="softmax")`, `Activation`, `layers.Softmax` or
`keras.ops.softmax`, it finds the hidden logits and computes the right loss. It does not after
`tf.nn.softmax` in an eager loop (inside `tf.function` and `fit` it does), after a reshape or a
selection, on `predict` output, for the focal losses, nor on the torch and JAX backends; and
`tf.nn.*_with_logits` never repairs. Those are what this rule reports.

## Bad

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
        self.out = keras.layers.Dense(4)

    def call(self, x):
        return tf.nn.softmax(self.out(x))


model = Net()
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.SGD(0.5)
for step in range(100):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))  # XFR403
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

```python
import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(0)
x = np.random.normal(size=(256, 8)).astype("float32")
y = x[:, :4].argmax(1)

model = keras.Sequential([keras.layers.Dense(4, activation="softmax")])
optimizer = keras.optimizers.SGD(0.5)
for step in range(100):
    with tf.GradientTape() as tape:
        outputs = model(x, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=outputs)  # XFR403
        loss = tf.reduce_mean(losses)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## Good

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
        self.out = keras.layers.Dense(4)

    def call(self, x):
        return self.out(x)


model = Net()
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.SGD(0.5)
for step in range(100):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## When it stays quiet

- What Keras repairs, see above: the program trains right. (Where the file itself sets
  `KERAS_BACKEND` to torch or jax it is reported: nothing is repaired there.)
- `tf.nn.softmax` where the loss may run inside a `tf.function`, in `train_step`, or in `fit`.
- Some way to the output, or the value of `from_logits`, cannot be seen.

## Fix

Return the logits from the model and keep `from_logits=True` (steadier than the logarithm of a
softmax), or keep the probabilities and leave `from_logits` out.

## Seen at run time

`training_smoke`: `loss-input`, and `learns` (the loss stays above its floor). `parity`: `loss`.

## References

- https://keras.io/api/losses/probabilistic_losses/
- https://www.tensorflow.org/api_docs/python/tf/nn/sparse_softmax_cross_entropy_with_logits
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.compiles import compiled, maybe_traced
from ...loss.losses import Loss, loss_calls
from ...loss.outputs import PROBABILITIES, Output, agreed, model_outputs, place
from ...rule import Confidence, Finding, Harm, Rule
from ...source.versions import backend
from ...source.walk import File

rule = Rule(
    __name__,
    name="from-logits-on-probabilities",
    message="{loss} has from_logits=True, gets {made} of {where} (SILENT); return logits",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="either",
)


@rule.node(ast.Module)
def check_calls(file: File, tree: ast.Module) -> Iterator[Finding]:
    for found in loss_calls(file):
        loss, site = found.loss, found.site
        if loss.is_torch or not loss.from_logits or not agreed(found.outputs, *PROBABILITIES):
            continue
        graph = maybe_traced(site.file, site.node)
        yield from report(file, found.call, loss, found.outputs, graph=graph)


@rule.method("compile")
def check_compile(file: File, call: ast.Call) -> Iterator[Finding]:
    said = compiled(file, call)
    if said is None or not said.loss.from_logits:
        return
    found = model_outputs(file, said.model)
    if agreed(found, *PROBABILITIES):
        yield from report(file, said.node, said.loss, found, graph=not said.eager)


def report(
    file: File, node: ast.AST, loss: Loss, found: list[Output], *, graph: bool
) -> Iterator[Finding]:
    if any(repaired(file, loss, output, graph=graph) for output in found):
        return
    first = found[0]
    yield rule.at(node, loss=loss.shown, made=first.kind.value, where=place(file, first))


def repaired(file: File, loss: Loss, output: Output, *, graph: bool) -> bool:
    """Whether Keras finds the logits behind these probabilities.

    As `_get_logits` in keras/src/backend/tensorflow/nn.py does: by a mark that Keras' own
    activations leave on their output, and, in a graph, by the operation that made it.
    """
    if loss.is_tensorflow or "focal" in loss.word or not output.last:
        return False
    if output.by.startswith("tensorflow"):
        return graph
    return backend(file) not in ("torch", "jax")
