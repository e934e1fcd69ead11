"""The learning phase and `K.function`, which Keras 3 no longer has.

## Why

LOUD. In Keras 2 `K.set_learning_phase(1)` put all models into training mode, much as torch's
`train()` does, and `K.function` ran a part of a model. Keras 3 has neither: each call is told by
`training=`. Observed on Keras 3.15, under `keras.backend` and `tf.keras.backend` alike:
`AttributeError: module 'keras.backend' has no attribute 'set_learning_phase'`.

## Bad

```python
import keras
import numpy as np
from keras import backend

model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5)])
backend.set_learning_phase(1)  # XFR316
outputs = model(np.ones((8, 4)))
```

## Good

```python
import keras
import numpy as np

model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5)])
outputs = model(np.ones((8, 4)), training=True)
```

## When it stays quiet

- The file is for Keras 2: it imports `tf_keras` or modules that Keras 3 does not have, uses
  TensorFlow 1's sessions, sets `TF_USE_LEGACY_KERAS`, or the project's requirements keep TensorFlow
  below 2.16 or Keras below 3.
- The call stands in a `try`, or under a test for the attribute or the version, or under
  `if training is None` where the parameter has another default.
- What `tf.keras.backend` still has (`mean`, `int_shape`, ...) though `keras.backend` does not.

## Fix

Pass `training=` in the call. For `K.function([model.input], [layer.output])` make
`keras.Model(model.input, layer.output)` and call that.

## Seen at run time

Every run raises.

## References

- https://keras.io/guides/migrating_to_keras_3/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.functions import default_named
from ...source.guards import expects_error
from ...source.walk import File

rule = Rule(
    __name__,
    name="learning-phase",
    message="Keras 3 has no {function}(); {instead}",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="either",
    keras_3=True,
)

_TRAINING = "pass training= in the call"
INSTEAD = {
    "set_learning_phase": _TRAINING,
    "learning_phase": _TRAINING,
    "learning_phase_scope": _TRAINING,
    "function": "make a keras.Model of inputs and outputs and call it",
}


@rule.call(*(f"keras.backend.{name}" for name in INSTEAD))
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    if not expects_error(file, call) and not never_asked(file, call):
        shown = file.dotted(call.func) or ""
        yield rule.at(call, function=shown, instead=INSTEAD[shown.rpartition(".")[2]])


def never_asked(file: File, call: ast.Call) -> bool:
    """Whether the call waits for a `None` that nobody passes: `def call(self, x, training=True)`,
    and in it `if training is None`."""
    function = file.function(call)
    if function is None:
        return False
    for above in file.ancestors(call):
        match above:
            case ast.If(test=ast.Compare(left=ast.Name(id=name), ops=[ast.Is()])):
                default = default_named(function, name)
                return isinstance(default, ast.Constant) and default.value is not None
    return False
