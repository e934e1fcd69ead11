"""Gradients handed to `apply_gradients` without their variables.

## Why

LOUD. torch's optimizer knows its parameters and reads `.grad`; Keras' `apply_gradients` is told
both, as (gradient, variable) pairs. Gradients alone are unpacked as if each were a pair. Observed
on Keras 3.15: `AttributeError: 'EagerTensor' object has no attribute '_unique_id'` (or "not enough
values to unpack"); two arguments: "takes 2 positional arguments but 3 were given".

## Bad

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.1)
x = tf.ones((4, 3))

with tf.GradientTape() as tape:
    loss = tf.reduce_mean(model(x, training=True) ** 2)
grads = tape.gradient(loss, model.trainable_variables)
optimizer.apply_gradients(grads)  # XFR201
```

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.1)
x = tf.ones((4, 3))

with tf.GradientTape() as tape:
    loss = tf.reduce_mean(model(x, training=True) ** 2)
grads = tape.gradient(loss, model.trainable_variables)
optimizer.apply_gradients(grads, model.trainable_variables)  # XFR201
```

## Good

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.1)
x = tf.ones((4, 3))

with tf.GradientTape() as tape:
    loss = tf.reduce_mean(model(x, training=True) ** 2)
grads = tape.gradient(loss, model.trainable_variables)
optimizer.apply_gradients(zip(grads, model.trainable_variables))
```

## When it stays quiet

- Anything that may be pairs: a `zip` in a variable, a list or comprehension of tuples, what
  `compute_gradients` or a helper returned, a parameter.
- Objects that take bare gradients: classes of one's own with their own `apply_gradients`, flax's
  `TrainState.apply_gradients(grads=...)`.
- `optimizer.apply(grads, variables)` of Keras 3, which is right as it stands.

## Fix

`optimizer.apply_gradients(zip(grads, model.trainable_variables))`, with the variables that the
gradients were taken for; in Keras 3 also `optimizer.apply(grads, model.trainable_variables)`.

## Seen at run time

The first step raises, under `training_smoke` as anywhere.

## References

- https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/
- https://keras.io/api/optimizers/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins
from ...source.walk import File
from ...tape.tapes import given_pairs, gradients, sources, takes_pairs, variables

rule = Rule(
    __name__,
    name="apply-gradients-without-zip",
    message="{opt}.apply_gradients({grads}) has no variables; zip({grads}, {vars})",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)
ONE = "zip() runs through the rows of {vars}; one gradient is paired as [({grads}, {vars})]"
SIDE_BY_SIDE = "{opt}.apply_gradients() takes pairs, not two lists; zip({grads}, {vars})"


@rule.method("apply_gradients")
def check(file: File, node: ast.Call) -> Iterator[Finding]:
    handed = handed_over(node)
    if not handed:
        return
    taken = gradients(file, handed[0])
    name = file.dotted(handed[0]) or "gradients"
    beside = len(handed) > 1 and variables(file, handed[1])
    if taken is None and not (beside and "grad" in name and file.dotted(handed[0])):
        return
    assert isinstance(node.func, ast.Attribute)
    if not takes_pairs(file, node.func.value):
        return
    if beside:
        variable = file.dotted(handed[1]) or "variables"
    else:
        variable = sources(file, taken) if taken else "variables"
    optimizer = file.dotted(node.func.value) or "optimizer"
    message = SIDE_BY_SIDE if beside else None
    yield rule.at(node, message, opt=optimizer, grads=name, vars=variable)


@rule.method("apply_gradients")
def check_one(file: File, node: ast.Call) -> Iterator[Finding]:
    match given_pairs(node):
        case [ast.Call(func=ast.Name(id="zip"), args=[gradient, variable])]:
            taken = gradients(file, gradient)
            name = file.dotted(variable)
            if taken is None or name is None or sources(file, taken) != name:
                return
            assert isinstance(node.func, ast.Attribute)
            found = origins(file, variable)
            single = all(end.callee == "tensorflow.Variable" and not end.path for end in found)
            if single and takes_pairs(file, node.func.value):
                grads = file.dotted(gradient) or "gradient"
                yield rule.at(node, ONE, grads=grads, vars=name)


def handed_over(call: ast.Call) -> list[ast.expr]:
    """What a call hands over in the place of pairs, out of a display or a `zip` of one thing."""
    given = given_pairs(call)
    match given:
        case [ast.Call(func=ast.Name(id="zip"), args=[alone])]:
            given = [alone]
    match given:
        case [ast.Tuple(elts=items) | ast.List(elts=items)]:
            given = items
    return [] if any(isinstance(item, ast.Starred) for item in given) else given
