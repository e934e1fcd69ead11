"""`training=` given while a functional Keras model is built.

## Why

SILENT. In Keras 2 `layer(x, training=True)` in a functional graph was kept with the model. Keras 3
keeps it only for calls that say nothing: `fit` passes True and `evaluate` and `predict` pass False,
and these win. Monte Carlo dropout drops nothing in `predict`; a backbone that was called with
`training=False` goes on moving the statistics of its batch norms in `fit`, unless it is frozen.
Measured on Keras 3.15: no output of the model below is 0; through tf_keras half of them are.

## Bad

```python
import keras
import numpy as np

inputs = keras.Input((64,))
outputs = keras.layers.Dropout(0.5)(inputs, training=True)  # XFR906
model = keras.Model(inputs, outputs)
zeros = (model.predict(np.ones((8, 64)), verbose=0) == 0).mean()
```

## Good

```python
import keras
import numpy as np


class MCDropout(keras.layers.Dropout):
    def call(self, x, training=None):
        return super().call(x, training=True)


inputs = keras.Input((64,))
outputs = MCDropout(0.5)(inputs)
model = keras.Model(inputs, outputs)
zeros = (model.predict(np.ones((8, 64)), verbose=0) == 0).mean()
```

## When it stays quiet

- Calls in `call` methods and on data: there the argument is what counts. Graphs that a class
  builds of its own parts (`self.generator(z, training=True)`), and tests.
- `training=False` where the file fits nothing afterwards.
- A backbone that the file freezes (`base.trainable = False`): its batch norms rest anyway.
- Files that are plainly written for Keras 2.

## Fix

To keep dropout on, override `call` as above; to keep batch norm at rest, set `trainable = False`
on the layers.

## Seen at run time

`training_smoke`: `modes` (two passes in evaluation are equal where a spread is meant).

## References

- https://keras.io/guides/transfer_learning/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.evaluation import is_test
from ...model.models import graph, layers
from ...model.modes import any_dependent
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins
from ...source.walk import File

rule = Rule(
    __name__,
    name="training-baked-in",
    message="fit and predict of Keras 3 override training={value} here (SILENT); {instead}",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="torch->keras",
    keras_3=True,
)


@rule.node(ast.keyword)
def check(file: File, keyword: ast.keyword) -> Iterator[Finding]:
    if keyword.arg != "training" or not isinstance(keyword.value, ast.Constant):
        return
    call, value = file.parent(keyword), keyword.value.value
    if not isinstance(call, ast.Call) or not call.args or "Input" not in file.calls_by_name:
        return
    if value not in (True, False) or is_run_by_hand(file, call) or is_test(file):
        return
    if (value is False and not is_fitted_later(file, call)) or not is_symbolic(file, call.args[0]):
        return
    if any_dependent(layers(file, call.func)) and not (value is False and is_frozen(file, call)):
        instead = "override call" if value else "set trainable = False"
        yield rule.at(call, value=str(value), instead=instead)


def is_run_by_hand(file: File, call: ast.Call) -> bool:
    """Whether a class builds the graph for loops of its own: `self.generator(z, training=True)`."""
    return (file.dotted(call.func) or "").startswith("self.")


def is_fitted_later(file: File, call: ast.Call) -> bool:
    return any(fit.lineno > call.lineno for fit in file.calls_by_name.get("fit", ()))


def is_symbolic(file: File, given: ast.expr) -> bool:
    """Whether an expression is a tensor of a graph that starts at an Input."""
    made = [applied.call for applied in graph(file, [given])]
    return any(file.qualified(call.func) == "keras.layers.Input" for call in made)


def is_frozen(file: File, call: ast.Call) -> bool:
    """Whether the file sets `trainable` on what is called, or on layers in a loop."""
    mine = {origin.node for origin in origins(file, call.func)}
    return any(
        target.attr == "trainable"
        and (
            file.dotted(target.value) == file.dotted(call.func)
            or not mine.isdisjoint(origin.node for origin in origins(file, target.value))
            or any(isinstance(origin.node, ast.For) for origin in origins(file, target.value))
        )
        for assign in file.index[ast.Assign]
        for target in assign.targets
        if isinstance(target, ast.Attribute)
    )
