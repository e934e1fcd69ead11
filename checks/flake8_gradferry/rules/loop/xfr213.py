"""A gradient through integers, comparisons or rounding.

## Why

SILENT. `argmax`, a cast to an integer, a comparison or rounding has no slope: the tape has no
gradient for what comes before. Measured on TensorFlow 2.21: the gradient is None, of an integer
variable (`tf.Variable(3)`) too. torch says so (`RuntimeError: Only Tensors of floating point and
complex dtype can require gradients`); a step by hand with `if g is not None` never learns.

## Bad

```python
import tensorflow as tf

w = tf.Variable(3)
with tf.GradientTape() as tape:
    y = w * w
g = tape.gradient(y, w)  # XFR213
```

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
x, labels = tf.ones((8, 3)), tf.zeros((8,), tf.int64)

with tf.GradientTape() as tape:
    predicted = tf.argmax(model(x, training=True), axis=1)  # XFR213
    loss = 1.0 - tf.reduce_mean(tf.cast(predicted == labels, tf.float32))
gradients = tape.gradient(loss, model.trainable_variables)
```

## Good

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
x, labels = tf.ones((8, 3)), tf.zeros((8,), tf.int64)
entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
w = tf.Variable(3.0)

with tf.GradientTape() as tape:
    loss = entropy(labels, model(x, training=True)) + w * w
gradients = tape.gradient(loss, [w, *model.trainable_variables])
```

## When it stays quiet

- Labels, masks and indices are integers: only what the gradient is asked for counts.
- Straight-through estimators (`x + tf.stop_gradient(tf.round(x) - x)`), custom gradients.
- Accuracy beside the loss.

## Fix

Write numbers with a point (`tf.Variable(3.0)`); compute the loss on the scores themselves
(cross-entropy on logits), and accuracy outside the loss.

## Seen at run time

`training_smoke` with your own `step`: `gradients` (no weight gets one).

## References

- https://www.tensorflow.org/guide/autodiff#3_took_gradients_through_an_integer_or_string
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import Origin, origins
from ...source.walk import File
from ...tape.recorded import Why, lost, shown
from ...tape.tape_blocks import taken

rule = Rule(
    __name__,
    name="gradient-through-integer",
    message="{what} has no slope: no gradient for {weights} (SILENT); use the scores themselves",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)
INTEGER = "{weights} is an integer: its gradient is None (SILENT); write {value}.0"


@rule.method("gradient", "jacobian", "batch_jacobian")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    asked = taken(file, call)
    if asked is None:
        return
    match asked.sources:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            sources = items
        case alone:
            sources = [alone]
    integers = [(source, integer(file, source)) for source in sources]
    for source, value in integers:
        if value is not None:
            yield rule.at(call, INTEGER, weights=file.dotted(source) or "it", value=str(value))
    if any(value is not None for _, value in integers):
        return
    for found in lost(file, call):
        if found.at.why is Why.STEPS:
            node = found.at.node if found.at.file is file else call
            yield rule.at(node, what=shown(found.at), weights=found.weights)


def integer(file: File, source: ast.expr) -> int | None:
    """The integer that a variable or constant surely holds, and of which it takes its dtype."""
    values = [_integer(end) for end in origins(file, source)]
    return values[0] if values and None not in values else None


def _integer(end: Origin) -> int | None:
    call = end.call
    if call is None or end.callee not in ("tensorflow.Variable", "tensorflow.constant"):
        return None
    if any(keyword.arg in ("dtype", None) for keyword in call.keywords):
        return None
    value = argument(call, "initial_value" if "Variable" in end.callee else "value", 0)
    if end.callee == "tensorflow.constant" and len(call.args) > 1:
        return None
    return _first_integer(value) if value is not None and _only_integers(value) else None


def _only_integers(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return type(value) is int
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _only_integers(operand)
        case ast.List(elts=[_, *_] as items) | ast.Tuple(elts=[_, *_] as items):
            return all(map(_only_integers, items))
    return False


def _first_integer(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.UnaryOp(operand=operand):
            return -_first_integer(operand)
        case ast.List(elts=[first, *_]) | ast.Tuple(elts=[first, *_]):
            return _first_integer(first)
    raise AssertionError(ast.dump(node))
