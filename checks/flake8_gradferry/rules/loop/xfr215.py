"""`backward()`, `step()` or `zero_grad()` called on TensorFlow's or Keras' objects.

## Why

LOUD. TensorFlow's tensors do not carry their history: what `loss.backward()` does, a
`tf.GradientTape` has to record beforehand, and Keras optimizers are handed the gradients. Observed
on TensorFlow 2.21 and Keras 3.15: `AttributeError: 'EagerTensor' object has no attribute
'backward'`, `'SGD' object has no attribute 'step'`, `'SGD' object has no attribute 'zero_grad'`.

## Bad

```python
import keras
import tensorflow as tf

x, y = tf.ones((8, 2)), tf.ones((8, 1))
model = keras.Sequential([keras.layers.Dense(1)])
loss_fn = keras.losses.MeanSquaredError()
optimizer = keras.optimizers.SGD(0.1)

for _ in range(3):
    optimizer.zero_grad()  # XFR215
    loss = loss_fn(y, model(x, training=True))
    loss.backward()  # XFR215
    optimizer.step()  # XFR215
```

## Good

```python
import keras
import tensorflow as tf

x, y = tf.ones((8, 2)), tf.ones((8, 1))
model = keras.Sequential([keras.layers.Dense(1)])
loss_fn = keras.losses.MeanSquaredError()
optimizer = keras.optimizers.SGD(0.1)

for _ in range(3):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## When it stays quiet

- Keras on the torch backend: there the loss is a torch tensor and `loss.backward()` is right.
- The object is torch's, of the project's own class with such a method, or cannot be seen.
- The call stands where the error is expected: in `pytest.raises`, in a `try` that catches it.

## Fix

Record the forward pass with `tf.GradientTape`, take `tape.gradient(loss, variables)` and hand it
to `optimizer.apply_gradients(zip(gradients, variables))`. There is nothing to clear.

## Seen at run time

`training_smoke` with your own `step`: the step raises.

## References

- https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/
- https://www.tensorflow.org/guide/autodiff
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.kinds import Kind, defines, is_tensorflow_tensor, kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.walk import File

rule = Rule(
    __name__,
    name="torch-verbs-on-tensorflow",
    message="{loss} is a TensorFlow tensor and has no backward(); use tape.gradient()",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)

NO_STEP = "{optimizer} is Keras' and has no step(); use apply_gradients()"
NO_ZERO_GRAD = "{optimizer} is Keras' and has no zero_grad(); drop it, gradients never add up"


@rule.method("backward")
def check_loss(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    loss = call.func.value
    if is_tensorflow_tensor(file, loss) and not expects_error(file, call):
        yield rule.at(call, loss=file.dotted(loss) or "this")


@rule.method("step", "zero_grad")
def check_optimizer(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    optimizer, verb = call.func.value, call.func.attr
    if kind(file, optimizer) is not Kind.KERAS_OPTIMIZER or expects_error(file, call):
        return
    if not defines(file, optimizer, verb):
        message = NO_STEP if verb == "step" else NO_ZERO_GRAD
        yield rule.at(call, message, optimizer=file.dotted(optimizer) or "this")
