"""A Keras layer or model whose `__init__` never runs that of its base.

## Why

LOUD. Keras sets up what tracks weights and layers in the base's `__init__`. Measured on Keras 3.15:
the object is made without a word, whatever it holds, and its first use raises RuntimeError ("you
forgot to call `super().__init__()` as the first statement in the `__init__()` method").

## Bad

```python
import keras


class Net(keras.Model):
    def __init__(self):  # XFR105
        self.out = keras.layers.Dense(4)

    def call(self, x):
        return self.out(x)
```

## Good

```python
import keras


class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.out = keras.layers.Dense(4)

    def call(self, x):
        return self.out(x)
```

## When it stays quiet

- The class names some `__init__` anywhere: late calls are how functional models are subclassed.
- Classes with a `__call__` of their own, which goes past Keras (see XFR101).
- Layers that are given nothing but a `tf.Variable`, which Keras 2 allowed.
- Data classes, `__new__`, and an `__init__` that only raises or does nothing.

## Fix

`super().__init__(**kwargs)` as the first statement of `__init__`.

## Seen at run time

The framework raises at the first use.

## References

- https://keras.io/guides/making_new_layers_and_models_via_subclassing/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.construction import base_inits, builds_otherwise, set_before_base
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.infer import lineage
from ...source.walk import File

rule = Rule(
    __name__,
    name="keras-init-without-super",
    message="{cls}.__init__ never calls super().__init__(), so Keras raises; call it first",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    if not node.bases or (init := file.methods(node).get("__init__")) is None:
        return
    early = set_before_base(file, node, init) or ()
    if all(makes_variable(file, value) for _, value in early) or base_inits(file, node):
        return
    if builds_otherwise(file, node) or expects_error(file, node):
        return
    family = lineage(file, node)
    if family.is_keras_layer and family.method("__call__") is None:
        yield rule.at(init, cls=node.name)


def makes_variable(file: File, value: ast.expr) -> bool:
    """Keras 2 let a layer that holds nothing but variables go without."""
    return isinstance(value, ast.Call) and file.qualified(value.func) == "tensorflow.Variable"
