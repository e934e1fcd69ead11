"""A Keras layer whose `__init__` and `get_config` do not fit together.

## Why

LOUD. A torch module is saved as its weights; a Keras model is saved with the configuration of each
layer, and loading calls `cls(**config)`. `super().get_config()` puts `name`, `trainable` and
`dtype` in, so an `__init__` without `**kwargs` refuses its own configuration. Measured on Keras
3.15: the model is saved without a word, and `load_model`, `clone_model` and `from_config` raise
TypeError: "unexpected keyword argument 'name'". An argument without a default that `get_config`
leaves out raises in the same places: "missing 1 required positional argument".

## Bad

```python
import keras


class Block(keras.layers.Layer):
    def __init__(self, units):  # XFR123
        super().__init__()
        self.units = units

    def call(self, x):
        return keras.ops.repeat(x, self.units, axis=-1)

    def get_config(self):
        config = super().get_config()
        config.update({"units": self.units})
        return config
```

```python
import keras


class Scale(keras.layers.Layer):
    def __init__(self, factor, **kwargs):  # XFR123
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return super().get_config()
```

## Good

```python
import keras


class Block(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def call(self, x):
        return keras.ops.repeat(x, self.units, axis=-1)

    def get_config(self):
        config = super().get_config()
        config.update({"units": self.units})
        return config
```

## When it stays quiet

- `__init__` takes `**kwargs`, or `name`, `trainable` and `dtype`.
- `get_config` does not start from `super().get_config()`, or takes something out of it, or gets
  its names from a loop or a helper; a base in the project has a `get_config` of its own making.
- The class has a `from_config` of its own, or no `get_config` (see XFR904), or derives from
  something that cannot be seen.

## Fix

`def __init__(self, units, **kwargs):` and `super().__init__(**kwargs)`; every argument in
`get_config`.

## Seen at run time

`training_smoke`: `save-load`; `load_model` raises.

## References

- https://keras.io/guides/serialization_and_saving/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.configs import extends_base, is_base, left_out, method_of, refused
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage
from ...source.project import Symbol
from ...source.versions import is_keras_itself
from ...source.walk import File

rule = Rule(
    __name__,
    name="init-drops-kwargs",
    message="{cls}.__init__ refuses {name}= of its own config; take and pass on **kwargs",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)
_LEFT_OUT = "{cls}.get_config leaves out {name}, which __init__ needs; put it in"


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    methods = file.methods(node)
    if "get_config" not in methods or not node.bases or is_keras_itself(file):
        return
    family = lineage(file, node)
    if not family.is_keras_layer or not family.complete or family.method("from_config"):
        return
    init = method_of(Symbol(file, node), "__init__")
    if init is None or not extends_base(family):
        return
    at, function = init
    place = function if at is file else node
    if missing := refused(function):
        yield rule.at(place, cls=node.name, name=missing[0])
    elif (missing := left_out(function, family)) and not is_base(file, node):
        yield rule.at(place, _LEFT_OUT, cls=node.name, name=missing[0])
