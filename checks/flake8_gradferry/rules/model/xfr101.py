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
- Layers without layers or weights of their own, which are mere functions.
- Losses, metrics (those of old Keras that are layers too), initializers, regularizers, constraints
  and learning-rate schedules: there `__call__` is the method to override.
- Classes that do not derive from a Keras layer or model as far as can be seen, and Keras' own
  sources.

## Fix

Rename `__call__` to `call`. `model(x)` stays the way to run it.

## Seen at run time

`training_smoke`: `modes` (Dropout does not act in training) and `save-load`.

## References

- https://keras.io/guides/making_new_layers_and_models_via_subclassing/
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...model.models import attributes
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import Lineage, lineage, self_assignments
from ...source.project import Symbol
from ...source.versions import is_keras_itself
from ...source.walk import FUNCTIONS, File

rule = Rule(
    __name__,
    name="dunder-call",
    message="{cls} overrides Keras' __call__ (SILENT: training mode is lost); define call()",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
)

# Calls in a layer that make weights, or run what is only to be run with them made.
_MAKERS = ("add_weight", "Variable", "call")


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    override = own_call(file, node) if node.bases else None
    if override is None or is_metric(file, node, override) or hands_over(file, override):
        return
    family = lineage(file, node)
    if family.is_keras_layer and not is_keras_itself(file) and has_something(file, node, family):
        yield rule.at(override, cls=node.name)


def has_something(file: File, cls: ast.ClassDef, family: Lineage) -> bool:
    """Whether there is something to lose: a layer without parts or weights is a mere function."""
    own = self_assignments(file, cls)
    if family.is_keras_model or any(name in own for name in attributes(Symbol(file, cls))):
        return True
    if any(re.match(r"keras\.layers\.(?!Layer$)", name) for name in family.names):
        return True
    return any(
        isinstance(call.func, ast.Attribute) and call.func.attr in _MAKERS
        for at in family.classes
        for call in at.file.inside(at.node)[ast.Call]
    )


def own_call(file: File, cls: ast.ClassDef) -> ast.AST | None:
    """The class's own `__call__`: a method, or another method by that name."""
    methods = file.methods(cls)
    if "__call__" in methods:
        return methods["__call__"]
    for statement in cls.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="__call__")], value=ast.Name(id=name)):
                return statement if name in methods else None
    return None


def is_metric(file: File, cls: ast.ClassDef, override: ast.AST) -> bool:
    """Whether a class is a metric: Keras' own are layers too, and are called to be updated."""
    if "update_state" in file.methods(cls):
        return True
    if not isinstance(override, FUNCTIONS):
        return False
    return [arg.arg for arg in override.args.args][1:3] == ["y_true", "y_pred"]


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
