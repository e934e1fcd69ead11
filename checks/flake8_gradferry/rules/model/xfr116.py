"""A `tf.Variable` kept by a Keras 3 layer or model, which does not see it.

## Why

SILENT. Keras 2 found every `tf.Variable` among a layer's attributes; Keras 3 (in TensorFlow since
2.16) finds Keras' own variables only. The layer runs with it, and nothing trains it, counts it or
saves it. Measured on Keras 3.15: after five epochs a scale made with `tf.Variable(1.0)` is 1.0,
`layer.weights` is empty; made with `add_weight` it has moved to 1.63.

## Bad

```python
import keras
import tensorflow as tf


class Scale(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.scale = tf.Variable(1.0)  # XFR116

    def call(self, x):
        return x * self.scale
```

## Good

```python
import keras
import tensorflow as tf


class Scale(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")
        self.calls = tf.Variable(0, trainable=False)

    def call(self, x):
        self.calls.assign_add(1)
        return x * self.scale
```

## When it stays quiet

- Files that are plainly written for Keras 2: `tf_keras`, modules and names that Keras 3 has not,
  requirements that keep TensorFlow below 2.16.
- `trainable=False`, counters, and variables that the class assigns to itself.
- Variables that are handed by name to an optimizer, to `tape.gradient`, or to a list of weights;
  classes that define `trainable_variables` or `trainable_weights` themselves.
- `tf.Module`, which tracks `tf.Variable`, and plain classes.

## Fix

`self.add_weight(shape=..., initializer=..., name=...)`, or `keras.Variable(value)` as a drop-in.

## Seen at run time

`training_smoke`: `updates` (a variable that Keras does not see never moves) and `save-load`.

## References

- https://keras.io/guides/migrating_to_keras_3/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.kept import assigned_once, kept_as, looked_after
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage
from ...source.walk import File

rule = Rule(
    __name__,
    name="untracked-tf-variable",
    message="Keras 3 does not train or save tf.Variable self.{name} (SILENT); use add_weight",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
    keras_3=True,
)

_OWN_WEIGHTS = ("trainable_variables", "trainable_weights", "weights", "_trainable_weights")


@rule.call("tensorflow.Variable")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    cls = file.method_class(call)
    kept = kept_as(file, call) if cls is not None and is_trained(file, call) else None
    if cls is None or kept is None or kept.changes:
        return
    family = lineage(file, cls)
    if not family.is_keras_layer:
        return
    if any(family.method(name) is not None for name in _OWN_WEIGHTS):
        return
    if assigned_once(file, cls, kept.name) and not looked_after(file, cls, kept.name):
        yield rule.at(call, name=kept.name)


def is_trained(file: File, call: ast.Call) -> bool:
    """Whether the variable is meant to be trained, as far as the call says."""
    for keyword in call.keywords:
        match keyword:
            case ast.keyword(arg="trainable", value=value):
                return isinstance(value, ast.Constant) and value.value is True
            case ast.keyword(arg="dtype", value=value):
                name = value.value if isinstance(value, ast.Constant) else file.dotted(value)
                if not str(name).rpartition(".")[2].startswith(("float", "bfloat", "half")):
                    return False
            case ast.keyword(arg=None):
                return False
    first = call.args[0] if call.args else None
    return not (isinstance(first, ast.Constant) and not isinstance(first.value, float))
