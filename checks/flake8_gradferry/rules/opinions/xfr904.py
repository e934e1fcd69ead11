"""A Keras layer that is given other layers or functions and has no `get_config`.

## Why

LOUD. Keras writes the arguments of `__init__` into the file by itself where they are numbers,
strings and lists of them. A layer, a function or an array among them cannot be written. Measured
on Keras 3.15: saving such a model raises NotImplementedError ("passing non-serializable argument
values"), as does `get_config()`. Whoever saves weights only never meets it.

## Bad

```python
import keras


class Residual(keras.layers.Layer):
    def __init__(self, inner, **kwargs):  # XFR904
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, x):
        return x + self.inner(x)


block = Residual(keras.layers.Dense(4))
```

## Good

```python
import keras


class Residual(keras.layers.Layer):
    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, x):
        return x + self.inner(x)

    def get_config(self):
        inner = keras.saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "inner": inner}

    @classmethod
    def from_config(cls, config):
        config["inner"] = keras.saving.deserialize_keras_object(config["inner"])
        return cls(**config)


block = Residual(keras.layers.Dense(4))
```

## When it stays quiet

- All arguments that the file is seen to pass are numbers, strings, None, or lists of them.
- The class or a base has `get_config`; classes whose calls are not seen.

## Fix

Write `get_config` with `keras.saving.serialize_keras_object(self.inner)`, and `from_config` with
its counterpart.

## Seen at run time

`training_smoke`: `save-load`; saving raises.

## References

- https://keras.io/guides/serialization_and_saving/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.configs import method_of, parameters
from ...model.models import layers
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import argument_for, calls_of, lineage
from ...source.project import Symbol
from ...source.walk import File, Function

rule = Rule(
    __name__,
    name="missing-get-config",
    message="{cls} is given {name}, which Keras cannot save by itself; write get_config",
    harm=Harm.LOUD,
    confidence=Confidence.HINT,
    direction="torch->keras",
)


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    if not node.bases or (init := file.methods(node).get("__init__")) is None:
        return
    if not parameters(init):
        return
    family = lineage(file, node)
    if not family.is_keras_layer or method_of(Symbol(file, node), "get_config") is not None:
        return
    if family.complete and (name := unsaved(file, init)):
        yield rule.at(init, cls=node.name, name=name)


def unsaved(file: File, init: Function) -> str:
    """The first argument that some call in the file fills with a layer or a function."""
    for call in calls_of(file, init):
        for parameter in (*init.args.args[1:], *init.args.kwonlyargs):
            given = argument_for(Symbol(file, init), call, parameter)
            if given is not None and (isinstance(given, ast.Lambda) or layers(file, given).layers):
                return parameter.arg
    return ""
