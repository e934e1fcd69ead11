"""A step by hand in float16 whose loss is not scaled.

## Why

SILENT. `compile()` under `mixed_float16`, and `LossScaleOptimizer` by itself, divide the gradients
by the loss scale; `fit()` multiplies the loss by it, a step written by hand has to. Measured on
Keras 3.15: without `scale_loss` the loss goes from 6.4225 to 6.4185 in 50 steps, with it to 1e-6.
An optimizer that is not wrapped gets float16's own gradients: those below 6e-8 are 0, and of
`tf.reduce_mean` over 4096 x 64 errors of 0.01 they come out 22 % too small.

## Bad

```python
import keras
import tensorflow as tf

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
optimizer = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(0.1))
x = tf.random.normal((64, 4), seed=1)
y = tf.reduce_sum(x, axis=1, keepdims=True)

for _ in range(50):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # XFR804
```

## Good

```python
import keras
import tensorflow as tf

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
optimizer = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(0.1))
x = tf.random.normal((64, 4), seed=1)
y = tf.reduce_sum(x, axis=1, keepdims=True)

for _ in range(50):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        scaled = optimizer.scale_loss(loss)
    gradients = tape.gradient(scaled, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## When it stays quiet

- The file calls `scale_loss` (or Keras 2's `get_scaled_loss`) anywhere.
- The policy is `mixed_bfloat16`, or is not set in the file and the optimizer is not seen to be a
  `LossScaleOptimizer`.
- `fit()`, which scales by itself.

## Fix

Keras 3: `tape.gradient(optimizer.scale_loss(loss), variables)`, on a `LossScaleOptimizer`; its
`apply_gradients` divides again. Keras 2: `get_scaled_loss` and `get_unscaled_gradients`.

## Seen at run time

`training_smoke` with your own `step`: `mixed-precision` (the gradients that are used depend on the
loss scale, or come out as zero), `updates` (the weights do not move), `learns`.

## References

- https://www.tensorflow.org/guide/mixed_precision
- https://keras.io/api/mixed_precision/loss_scale_optimizer/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage, origins
from ...source.walk import File, remembered
from ...tape.tapes import given_pairs, gradients, takes_pairs

rule = Rule(
    __name__,
    name="loss-scale-missing",
    message="{opt} divides by its loss scale, {loss} was not scaled (SILENT); {opt}.scale_loss()",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)
UNWRAPPED = "float16 gradients of {loss} underflow (SILENT); LossScaleOptimizer and scale_loss"

_SCALING = ("scale_loss", "get_scaled_loss", "get_unscaled_gradients")
_POLICIES = (
    "set_global_policy set_policy set_dtype_policy set_global_dtype_policy Policy DTypePolicy"
).split()


@rule.method("apply_gradients", "apply")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    pairs = given_pairs(call)
    if not pairs or any(name in file.calls_by_name for name in _SCALING):
        return
    assert isinstance(call.func, ast.Attribute)
    optimizer = call.func.value
    ends = origins(file, optimizer)
    wrapped = all(end.callee.endswith(".LossScaleOptimizer") for end in ends)
    if not wrapped and not sets_float16(file):
        return
    taken = gradients(file, gradient_side(pairs[0]))
    if taken is None or not taken.args:
        return
    loss = file.dotted(taken.args[0]) or "the loss"
    if wrapped or is_compiled(file, optimizer):
        yield rule.at(call, opt=file.dotted(optimizer) or "optimizer", loss=loss)
    elif takes_pairs(file, optimizer) and all(
        end.callee.startswith("keras.optimizers.") for end in ends
    ):
        yield rule.at(call, UNWRAPPED, loss=loss)


def gradient_side(pairs: ast.expr) -> ast.expr:
    match pairs:
        case ast.Call(func=ast.Name(id="zip"), args=[grads, *_]):
            return grads
    return pairs


@remembered
def sets_float16(file: File) -> bool:
    """Whether the file switches Keras to `mixed_float16` for all."""
    calls = [call for name in _POLICIES for call in file.calls_by_name.get(name, ())]
    return any(
        isinstance(item, ast.Constant) and item.value == "mixed_float16"
        for call in calls
        if (file.qualified(call.func) or "").startswith("keras.")
        for item in (*call.args, *(keyword.value for keyword in call.keywords))
    )


def is_compiled(file: File, optimizer: ast.expr) -> bool:
    """Whether this is the optimizer that `compile()` gave a model's own `train_step`."""
    if file.dotted(optimizer) != "self.optimizer":
        return False
    cls, function = file.method_class(optimizer), file.function(optimizer)
    return (
        cls is not None
        and function is not None
        and function.name == "train_step"
        and lineage(file, cls).is_keras_model
    )
