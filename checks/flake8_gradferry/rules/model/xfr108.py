"""A Keras layer made inside `call`.

## Why

SILENT. A functional model makes each layer where it is applied, and that code runs once. `call` of
a subclassed layer or model runs for every batch: a layer made there starts from new random weights
each time, belongs to nobody, is not trained and not saved. Measured on Keras 3.15: two calls on the
same input differ, and after `fit(run_eagerly=True)` the model has no trainable variable; without
`run_eagerly`, `fit` raises ValueError (variables made outside the first call).

## Bad

```python
import keras


class Net(keras.Model):
    def call(self, x):
        x = keras.layers.Dense(16, activation="relu")(x)  # XFR108
        return keras.layers.Dense(4)(x)  # XFR108
```

## Good

```python
import keras


class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(16, activation="relu")
        self.out = keras.layers.Dense(4)

    def call(self, x):
        return self.out(self.hidden(x))
```

## When it stays quiet

- Layers without weights: `layers.ReLU()(x)`, `layers.Concatenate()([x, y])`, `layers.Add()`.
- Layers that are made once and kept: in `build`, or under `if self.dense is None:`.
- Classes that call their own `call` to build a functional model (`self.call(inputs)`): there it
  runs once.
- Functions outside classes, which build functional models.

## Fix

Make the layer in `__init__` (in `build`, where the sizes of the input are needed), hold it as an
attribute and apply that in `call`.

## Seen at run time

`training_smoke`: `updates` (the layer is made anew in every call); `fit` raises in graph mode.

## References

- https://keras.io/guides/making_new_layers_and_models_via_subclassing/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.fresh import fresh_layers
from ...model.models import has_parameters
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage
from ...source.walk import File

rule = Rule(
    __name__,
    name="layer-created-in-call",
    message="{layer} made in call() has new weights each time (SILENT); make it in __init__",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
)


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    if not node.bases or "call" not in (methods := file.methods(node)):
        return
    if not lineage(file, node).is_keras_layer or builds_with_call(file, node):
        return
    for layer, at in fresh_layers(file, methods["call"], has_parameters):
        yield rule.at(at, layer=ast.unparse(layer.call.func))


def builds_with_call(file: File, cls: ast.ClassDef) -> bool:
    """Whether the class runs `self.call(inputs)` itself, as functional models are made."""
    return any(
        file.method_class(call) is cls and file.dotted(call.func) == "self.call"
        for call in file.calls_by_name.get("call", ())
    )
