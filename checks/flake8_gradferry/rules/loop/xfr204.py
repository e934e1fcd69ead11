"""Variables and gradients swapped in the pairs for `apply_gradients`.

## Why

LOUD. The pairs are (gradient, variable), in this order. Observed on Keras 3.15, the other way
round: `AttributeError: 'EagerTensor' object has no attribute '_unique_id'`, which names neither.

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
optimizer.apply_gradients(zip(model.trainable_variables, grads))  # XFR204
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

- The values are in order, whatever their names are.
- Variables stand first, but what stands second may be variables too (weights moved towards another
  model's, as in Reptile), or cannot be seen.
- Objects with their own `apply_gradients`.

## Fix

`zip(grads, model.trainable_variables)`.

## Seen at run time

The first step raises, under `training_smoke` as anywhere.

## References

- https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import Origin, origins
from ...source.walk import File
from ...tape.tapes import given_pairs, gradients, takes_pairs, variables

rule = Rule(
    __name__,
    name="zip-swapped",
    message="pairs for {opt}.apply_gradients() are swapped; zip({grads}, {vars})",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)


@rule.method("apply_gradients")
def check(file: File, node: ast.Call) -> Iterator[Finding]:
    given = given_pairs(node)
    assert isinstance(node.func, ast.Attribute)
    if not given or not takes_pairs(file, node.func.value):
        return
    optimizer = file.dotted(node.func.value) or "optimizer"
    for end in origins(file, given[0]):
        match pair(end):
            case [variable, gradient] if swapped(end.file, variable, gradient):
                # The mistake is where the pairs are made, if that is in sight.
                yield rule.at(
                    end.node if end.file is file else node,
                    opt=optimizer,
                    grads=file.dotted(gradient) or "gradients",
                    vars=file.dotted(variable) or "variables",
                )


def pair(end: Origin) -> list[ast.expr]:
    """What an expression pairs up: the arguments of `zip`, the elements of its (first) tuples."""
    match end.node:
        case ast.Call(func=ast.Name(id="zip"), args=pairs):
            return pairs
        case ast.Call(func=ast.Name(id="list" | "tuple"), args=[inner]):
            return next(filter(None, map(pair, origins(end.file, inner))), [])
        case ast.ListComp(elt=ast.Tuple(elts=pairs)) | ast.GeneratorExp(elt=ast.Tuple(elts=pairs)):
            return pairs
        case (
            ast.List(elts=[ast.Tuple(elts=pairs), *_]) | ast.Tuple(elts=[ast.Tuple(elts=pairs), *_])
        ):
            return pairs
    return []


def swapped(file: File, first: ast.expr, second: ast.expr) -> bool:
    """Whether variables stand first and gradients second."""
    if gradients(file, second) is not None:
        return gradients(file, first) is None
    name = (file.dotted(second) or "").rpartition(".")[2].lower()
    return "grad" in name and variables(file, first) and not variables(file, second)
