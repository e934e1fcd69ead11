"""`__call__` overridden on a Keras model or layer.

## Why

SILENT. In PyTorch the forward pass is `forward`, in Keras it is `call`; both are reached through
`__call__`, which builds the layer, passes `training` on to the layers inside, and records what
saving needs. A class that overrides `__call__` itself skips all of it. Measured on Keras 3.15:
`fit` runs, but `model(x, training=True)` equals `model(x, training=False)` (Dropout never acts),
`built` stays False, and a saved model loads with other weights.

## Bad

```python
import keras


class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(16, activation="relu")
        self.drop = keras.layers.Dropout(0.5)
        self.out = keras.layers.Dense(4)

    def __call__(self, x, training=False):  # XFR101
        return self.out(self.drop(self.hidden(x)))
```

## Good

```python
import keras


class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(16, activation="relu")
        self.drop = keras.layers.Dropout(0.5)
        self.out = keras.layers.Dense(4)

    def call(self, x, training=False):
        return self.out(self.drop(self.hidden(x), training=training))
```

## When it stays quiet

- The override hands over to `super().__call__(...)`: it wraps, it does not replace.
- Losses, metrics, initializers, regularizers, constraints and learning-rate schedules: there
  `__call__` is the method to override.
- Classes that do not derive from a Keras layer or model as far as can be seen.

## Fix

Rename `__call__` to `call`. `model(x)` stays the way to run it.

## Seen at run time

`training_smoke`: `modes` (Dropout does not act in training) and `save-load`.

## References

- https://keras.io/guides/making_new_layers_and_models_via_subclassing/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...infer import lineage
from ...rule import Confidence, Finding, Harm, Rule
from ...walk import File

rule = Rule(
    __name__,
    name="dunder-call",
    message="{cls} overrides Keras' __call__ (SILENT: training mode is lost); define call()",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
)


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    override = next((s for s in node.body if getattr(s, "name", "") == "__call__"), None)
    if override is None or not node.bases:
        return
    family = lineage(file, node)
    if not family.is_keras_layer or hands_over(file, override):
        return
    yield rule.at(override, cls=node.name)


def hands_over(file: File, override: ast.AST) -> bool:
    """Whether the method calls the `__call__` it overrides."""
    for call in file.inside(override)[ast.Call]:
        match call.func:
            case ast.Attribute(attr="__call__", value=ast.Call(func=ast.Name(id="super"))):
                return True
            case ast.Attribute(attr="__call__", value=ast.Name() | ast.Attribute()):
                # `Base.__call__(self, x)`
                if call.args and file.dotted(call.args[0]) == "self":
                    return True
    return False
