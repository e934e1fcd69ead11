"""An attribute of a Keras layer or model that Keras keeps for itself.

## Why

LOUD. `layers`, `weights`, `losses`, `metrics`, `input`, `output` and others are properties of a
Keras layer or model that cannot be set; on a torch module they are free. Measured on Keras 3.15:
assigning one raises AttributeError. A method that is hidden by a number (`self.build = True`)
raises TypeError when Keras calls it.

## Bad

```python
import keras


class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.layers = [keras.layers.Dense(4), keras.layers.Dense(2)]  # XFR112

    def call(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
```

## Good

```python
import keras


class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.blocks = [keras.layers.Dense(4), keras.layers.Dense(2)]

    def call(self, x):
        for layer in self.blocks:
            x = layer(x)
        return x
```

## When it stays quiet

- The class, or a base in the project, defines the name itself: `metrics` as a property is how
  Keras wants it.
- Attributes that may be set: `name`, `trainable`, `built`, `supports_masking`, `loss`,
  `optimizer`, `stop_training`.
- Methods that are set to something that may be called: `self.call = tf.function(self.call)`.
- `path` and other names that are new in Keras 3, in files that are plainly written for Keras 2.

## Fix

Another name: `self.blocks`.

## Seen at run time

The framework raises when the model is made or run.

## References

- https://keras.io/api/models/model/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.reserved import (
    KERAS_3,
    KERAS_LAYER,
    KERAS_LAYER_METHODS,
    KERAS_MODEL,
    KERAS_MODEL_METHODS,
    is_no_function,
    taken,
)
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.infer import lineage
from ...source.versions import is_keras_2
from ...source.walk import File

rule = Rule(
    __name__,
    name="keras-attribute-clash",
    message="self.{name} of {cls} is kept by Keras, so this raises; choose another name",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)
_HIDES = "self.{name} hides Keras' {name}(), which Keras calls; choose another name"


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    if not node.bases:
        return
    family = lineage(file, node)
    if not family.is_keras_layer:
        return
    names = KERAS_LAYER | (KERAS_MODEL if family.is_keras_model else frozenset())
    methods = KERAS_LAYER_METHODS | (KERAS_MODEL_METHODS if family.is_keras_model else frozenset())
    for found in taken(file, node, names | KERAS_3 | methods):
        if expects_error(file, found.value):
            continue
        at = file.statement(found.value)
        if found.name in methods:
            if found.whole and is_no_function(file, found.value):
                yield rule.at(at, _HIDES, name=found.name)
        elif found.name not in KERAS_3 or not is_keras_2(file):
            yield rule.at(at, name=found.name, cls=node.name)
