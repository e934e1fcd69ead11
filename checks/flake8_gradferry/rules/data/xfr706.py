"""A Keras model with classes or losses of your own, loaded without telling Keras of them.

## Why

LOUD. A `.keras` or `.h5` file holds the names of the classes a model is made of, not their code.
`load_model` finds those of Keras; your own layers, models and losses it finds only if they are
registered or passed: `TypeError: Could not locate class 'Scale'`, or, from `.h5`, `ValueError:
Unknown layer: 'Scale'`. It raises where the model is loaded, long after the training.

## Bad

```python
import keras
import numpy as np


class Scale(keras.layers.Layer):
    def call(self, x):
        return x * 2


model = keras.Sequential([keras.Input((4,)), Scale(), keras.layers.Dense(1)])
model.save("model.keras")
loaded = keras.models.load_model("model.keras")  # XFR706
```

## Good

```python
import keras
import numpy as np


@keras.saving.register_keras_serializable()
class Scale(keras.layers.Layer):
    def call(self, x):
        return x * 2


model = keras.Sequential([keras.Input((4,)), Scale(), keras.layers.Dense(1)])
model.save("model.keras")
loaded = keras.models.load_model("model.keras")
```

```python
import keras
import numpy as np


class Scale(keras.layers.Layer):
    def call(self, x):
        return x * 2


model = keras.Sequential([keras.Input((4,)), Scale(), keras.layers.Dense(1)])
model.save("model.keras")
loaded = keras.models.load_model("model.keras", custom_objects={"Scale": Scale})
```

## When it stays quiet

- `custom_objects` is given, the file registers anything or opens a `custom_object_scope`.
- The model is not saved under the same path in the same file, or it is not seen what is in it.
- A loss of your own, loaded with `compile=False`. Paths without an ending: a SavedModel of Keras 2
  holds the code.

## Fix

Decorate the class or function with `@keras.saving.register_keras_serializable()`, or pass
`custom_objects={"Scale": Scale}`.

## Seen at run time

Keras raises. `training_smoke`: `save-load` (Keras config included).

## References

- https://keras.io/guides/serialization_and_saving/#custom-objects
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.models import layers, members
from ...objects.kinds import Kind, kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value
from ...source.paths import ending, same_path
from ...source.project import Symbol, symbol_of
from ...source.values import Trace, constant
from ...source.walk import FUNCTIONS, File

rule = Rule(
    __name__,
    name="load-without-custom-objects",
    message="load_model knows no {custom} (raises); register it or pass custom_objects",
    harm=Harm.LOUD,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)

_REGISTERS = (
    "register_keras_serializable",
    "custom_object_scope",
    "CustomObjectScope",
    "get_custom_objects",
)


@rule.call("keras.models.load_model", "keras.saving.load_model")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    told = {item.arg: item.value for item in call.keywords}
    if not call.args or len(call.args) > 1 or None in told or "custom_objects" in told:
        return
    path = Value(file, call.args[0])
    end = ending(path)
    if end is None or not end.text.endswith((".keras", ".h5", ".hdf5")):
        return
    if any(name in file.calls_by_name for name in _REGISTERS) or registers(file):
        return
    compiles = "compile" not in told or constant(Value(file, told["compile"])) is not False
    for model in saved(file, path, call):
        custom = custom_layer(file, model) or (compiles and custom_loss(file, model)) or ""
        if custom:
            yield rule.at(call, custom=custom)
            return


def registers(file: File) -> bool:
    """Whether a class or function of the file is registered, or objects are named by hand."""
    return any(attribute.attr in _REGISTERS for attribute in file.index[ast.Attribute]) or any(
        name.rpartition(".")[2] in _REGISTERS for name in file.imports.values()
    )


def saved(file: File, path: Value, load: ast.Call) -> Iterator[ast.expr]:
    """The models that are saved under the path before it is loaded, as far as the file goes."""
    for save in file.calls_by_name.get("save", ()):
        if isinstance(save.func, ast.Attribute) and save.args and save.lineno < load.lineno:
            model = save.func.value
            if same_path(Value(file, save.args[0]), path) and is_model(file, model):
                yield model


def is_model(file: File, node: ast.expr) -> bool:
    return kind(file, node) is Kind.KERAS_MODEL


def custom_layer(file: File, model: ast.expr) -> str:
    """The first class of the project that the model is, or has in its graph, by name.

    What a class of the project holds is its own affair: it makes its layers itself.
    """
    stack = [*layers(file, model).layers]
    while stack:
        layer = stack.pop()
        if layer.cls is None:
            stack += members(layer).layers
        elif not is_registered(layer.cls):
            assert isinstance(layer.cls.node, ast.ClassDef)
            return layer.cls.node.name
    return ""


def is_registered(cls: Symbol) -> bool:
    return isinstance(cls.node, ast.ClassDef) and bool(cls.node.decorator_list)


def custom_loss(file: File, model: ast.expr) -> str:
    """The project's own loss that the model is compiled with."""
    name = file.dotted(model)
    for call in file.calls_by_name.get("compile", ()):
        if not isinstance(call.func, ast.Attribute) or file.dotted(call.func.value) != name:
            continue
        given = [item.value for item in call.keywords if item.arg == "loss"] + call.args[1:2]
        for end in Trace().ends(Value(file, given[0])) if given else ():
            node = end.value.node
            found = symbol_of(end.value.file, node.func if isinstance(node, ast.Call) else node)
            if isinstance(node, FUNCTIONS):
                return node.name
            if found is not None and found.name == "" and isinstance(found.node, ast.ClassDef):
                return found.node.name if isinstance(node, ast.Call) else ""
            if found is not None and isinstance(found.node, FUNCTIONS):
                return found.node.name if not isinstance(node, ast.Call) else ""
    return ""
