"""`call` called by name on a Keras layer or model.

## Why

SILENT. `model(x)` builds the layers, passes `training` on to those inside, hands masks along and
then runs `call`. `model.call(x)` runs `call` alone. Measured on Keras 3.15: `call(x,
training=True)` equals `call(x, training=False)` although the model has a Dropout, `built` stays
False and `save_weights` raises; a layer that is not built yet raises AttributeError.

## Bad

```python
import keras


class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(8)
        self.drop = keras.layers.Dropout(0.5)

    def call(self, x, training=False):
        return self.drop(self.hidden(x))


net = Net()
y = net.call(keras.ops.ones((4, 8)), training=True)  # XFR111
```

## Good

```python
import keras


class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(8)
        self.drop = keras.layers.Dropout(0.5)

    def call(self, x, training=False):
        return self.drop(self.hidden(x))


net = Net()
y = net(keras.ops.ones((4, 8)), training=True)
```

## When it stays quiet

- `super().call(x)`, `Base.call(self, x)`, `self.call(x)`.
- Functional and Sequential models, where both do the same, and models of one's own in which
  nothing depends on the mode and no `build` makes weights.
- Cells of recurrent layers, and layers that the file builds itself (`layer.build(shape)`).
- Objects that are not seen to be Keras layers.

## Fix

Call the layer or model itself: `net(x, training=True)`.

## Seen at run time

`training_smoke`: `modes` (Dropout does not act in training), or the framework raises.

## References

- https://keras.io/guides/making_new_layers_and_models_via_subclassing/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.direct import object_of
from ...model.models import Layer, class_lineage, has_parameters, layers
from ...model.modes import class_dependent
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.project import Symbol
from ...source.walk import File

rule = Rule(
    __name__,
    name="direct-call-call",
    message="{name}.call() neither builds nor passes training on (SILENT); write {name}(...)",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)


@rule.method("call")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    called = object_of(file, call)
    if called is None or not call.args or "cell" in (name := ast.unparse(called)).lower():
        return
    found = layers(file, called)
    if not found.layers or not found.complete or is_built(file, called):
        return
    if expects_error(file, call):
        return
    if all(is_harmed(layer) for layer in found.layers):
        yield rule.at(call, name=name)


def is_harmed(layer: Layer) -> bool:
    """Whether a layer is otherwise without what stands around `call`: it depends on the mode, or
    makes its weights when it is built."""
    if layer.cls is None:
        return layer.name.startswith("keras.layers.") and has_parameters(layer)
    family = class_lineage(layer.cls)
    if not family.is_keras_layer or family.method("call") is None:
        return False
    return bool(class_dependent(layer.cls)) or makes_weights(family.method("build"))


def makes_weights(build: Symbol | None) -> bool:
    return build is not None and any(
        isinstance(call.func, ast.Attribute) and call.func.attr == "add_weight"
        for call in build.file.inside(build.node)[ast.Call]
    )


def is_built(file: File, called: ast.expr) -> bool:
    """Whether the file builds the object itself, or also calls it as it should be."""
    name = file.dotted(called)
    builds = (call.func for call in file.calls_by_name.get("build", ()))
    return name is not None and any(
        isinstance(func, ast.Attribute) and file.dotted(func.value) == name for func in builds
    )
