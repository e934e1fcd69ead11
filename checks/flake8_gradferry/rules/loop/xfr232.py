"""`minimize`, `get_gradients` or `get_updates` called on a Keras 3 optimizer.

## Why

LOUD. Keras 3 optimizers apply gradients and do not compute them. Observed on Keras 3.15:
`AttributeError: 'SGD' object has no attribute 'minimize'`, and the same for `get_gradients`,
`get_updates`, `compute_gradients`, `get_slot` and `get_weights`.

## Bad

```python
import keras
import tensorflow as tf

weight = tf.Variable(1.0)
optimizer = keras.optimizers.SGD(0.1)
optimizer.minimize(lambda: weight * weight, [weight])  # XFR232
```

## Good

```python
import keras
import tensorflow as tf

weight = tf.Variable(1.0)
optimizer = keras.optimizers.SGD(0.1)
with tf.GradientTape() as tape:
    loss = weight * weight
optimizer.apply_gradients([(tape.gradient(loss, weight), weight)])
```

## When it stays quiet

- The file is for Keras 2: it imports `tf_keras`, `keras.optimizers.legacy` or modules that Keras 3
  does not have, sets `TF_USE_LEGACY_KERAS`, or the project's requirements keep TensorFlow below
  2.16 or Keras below 3.
- `self` in an optimizer class of the project: the whole class is for Keras 2.
- The optimizer is another one (`tf.compat.v1.train`, SciPy's, the project's own with such a
  method), or cannot be seen.
- The call stands where the error is expected, or under a test on the version.

## Fix

Record the loss with `tf.GradientTape` and pass `zip(tape.gradient(loss, variables), variables)` to
`apply_gradients`.

## Seen at run time

`training_smoke` with your own `step`: the step raises.

## References

- https://keras.io/guides/migrating_to_keras_3/
- https://keras.io/api/optimizers/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.kinds import Kind, defines, kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.walk import File

rule = Rule(
    __name__,
    name="keras2-minimize",
    message="{optimizer} is Keras 3's and has no {verb}(); {instead}",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="either",
    keras_3=True,
)

_TAPE = "use a tape and apply_gradients()"
INSTEAD = {
    "minimize": _TAPE,
    "compute_gradients": _TAPE,
    "get_gradients": "use tape.gradient()",
    "get_updates": _TAPE,
    "get_slot": "use its variables",
    "get_weights": "use its variables",
}


@rule.method(*INSTEAD)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    optimizer, verb = call.func.value, call.func.attr
    if file.dotted(optimizer) == "self":
        return  # an optimizer of the project's own, written for Keras 2 as a whole
    if kind(file, optimizer) is not Kind.KERAS_OPTIMIZER or expects_error(file, call):
        return
    if not defines(file, optimizer, verb):
        shown = file.dotted(optimizer) or "this optimizer"
        yield rule.at(call, optimizer=shown, verb=verb, instead=INSTEAD[verb])
