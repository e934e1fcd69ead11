"""Functional dropout in a Keras `call` that nothing turns off.

## Why

SILENT. `tf.nn.dropout` and `keras.random.dropout` drop whenever they are called; they know nothing
of `training`. In `call` they go on dropping in `evaluate`, `predict` and every served request. A
`keras.layers.Dropout` is told by Keras. Measured on Keras 3.15: half of what `predict` returns is 0
with the layer below, nothing with the guarded one.

## Bad

```python
import keras
import numpy as np
import tensorflow as tf


class Drop(keras.layers.Layer):
    def call(self, x):
        return tf.nn.dropout(x, 0.5)  # XFR311


model = keras.Sequential([Drop()])
zeros = (model.predict(np.ones((4, 64)), verbose=0) == 0).mean()
```

## Good

```python
import keras
import numpy as np
import tensorflow as tf


class Drop(keras.layers.Layer):
    def call(self, x, training=False):
        return tf.nn.dropout(x, 0.5) if training else x


model = keras.Sequential([Drop()])
zeros = (model.predict(np.ones((4, 64)), verbose=0) == 0).mean()
```

## When it stays quiet

- A test on the mode stands around the call, before it in the same method, or around the call of
  the method it stands in; or the rate is worked out from the mode.
- The rate is 0, or the arguments are TensorFlow 1's (`keep_prob`).
- Classes and methods that are named for it (Monte Carlo dropout), and Lambda layers.
- Noise that is drawn and added (`tf.random.normal`): a variational model needs it in evaluation.

## Fix

Hold a `keras.layers.Dropout` and call it, or add `training=False` to `call` and test it.

## Seen at run time

`training_smoke`: `modes` (two passes in evaluation differ).

## References

- https://www.tensorflow.org/api_docs/python/tf/nn/dropout
- https://keras.io/guides/making_new_layers_and_models_via_subclassing/#privileged-training-argument-in-the-call-method
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...model.modes import argument, forward_pass, on_purpose
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import calls_of, lineage, origins
from ...source.walk import File, Function

rule = Rule(
    __name__,
    name="dropout-always-on-in-call",
    message="{cls} drops in predict too (SILENT); use layers.Dropout, or test training",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
)

_MODE = re.compile(r"train|phase|infer|eval|mode|test|determin|dropout_on|enable|use_|apply_")


@rule.call(
    "tensorflow.nn.dropout",
    "tensorflow.nn.experimental.stateless_dropout",
    "tensorflow.nn.experimental.general_dropout",
    "keras.random.dropout",
    "keras.backend.dropout",
)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    cls, method = file.method_class(call), file.function(call)
    if cls is None or method is None or is_off(call) or on_purpose(file, call):
        return
    if method not in forward_pass(file, cls, "call") or not lineage(file, cls).is_keras_layer:
        return
    if not is_guarded(file, method, call, set()):
        yield rule.at(call, cls=cls.name)


def is_off(call: ast.Call) -> bool:
    """Whether the call drops nothing, or is TensorFlow 1's."""
    if any(keyword.arg in ("keep_prob", None) for keyword in call.keywords):
        return True
    rate = argument(call, "level", None) or argument(call, "rate", 1)
    return rate is None or (isinstance(rate, ast.Constant) and rate.value == 0)


def is_guarded(file: File, method: Function, call: ast.Call, seen: set[ast.AST]) -> bool:
    """Whether the mode decides if, or how much, the call drops."""
    seen.add(method)
    if any(names_mode(file, test) for test in tests_before(file, method, call)):
        return True
    rate = argument(call, "level", None) or argument(call, "rate", 1)
    if rate is not None and any(
        names_mode(origin.file, origin.node) for origin in origins(file, rate)
    ):
        return True
    if method.name == "call":
        return False
    callers = [
        (caller, run)
        for run in calls_of(file, method)
        if (caller := file.function(run)) is not None and caller not in seen
    ]
    return all(is_guarded(file, caller, run, seen) for caller, run in callers)


def tests_before(file: File, method: Function, call: ast.Call) -> Iterator[ast.expr]:
    """The conditions in a method up to a call, those in its own arguments included."""
    inside = file.inside(method)
    tests = [branch.test for branch in inside[ast.If]]
    tests += [branch.test for branch in inside[ast.IfExp]]
    yield from (test for test in tests if test.lineno <= call.lineno)
    for match in inside[ast.Match]:
        yield match.subject
    for chosen in inside[ast.Call]:
        # tf.cond(training, ...), K.in_train_phase(..., training)
        if getattr(chosen.func, "attr", "") in ("cond", "smart_cond", "in_train_phase", "where"):
            yield chosen


def names_mode(file: File, node: ast.AST) -> bool:
    inside = file.inside(node)
    named = [name.id for name in inside[ast.Name]]
    named += [attribute.attr for attribute in inside[ast.Attribute]]
    return any(_MODE.search(name.lower()) for name in named)
