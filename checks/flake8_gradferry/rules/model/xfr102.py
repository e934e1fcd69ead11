"""`forward` on a Keras model or layer, where Keras runs `call`.

## Why

LOUD. The forward pass of a torch module is `forward`, that of a Keras model or layer is `call`.
Measured on Keras 3.15: the class is made without a word, and the first use raises
NotImplementedError ("Model Net does not have a `call()` method implemented").

## Bad

```python
import keras


class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.out = keras.layers.Dense(4)

    def forward(self, x):  # XFR102
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

- The class, or a base that is seen, has `call` or `__call__`, or sets `self.call`.
- `.forward(...)` is called by name in the file, or in one beside it that imports the class: then
  it is a method like any other.
- Functional and Sequential models, torch modules, bases that cannot be seen.

## Fix

Rename `forward` to `call`.

## Seen at run time

The framework raises at the first use.

## References

- https://keras.io/guides/making_new_layers_and_models_via_subclassing/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.forwards import is_abstract, misnamed
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage
from ...source.walk import File

rule = Rule(
    __name__,
    name="forward-on-keras-class",
    message="Keras runs call(), and {cls} has forward() only; rename it to call",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)

# Bases without a forward pass of their own.
_PLAIN = frozenset(("keras.Model", "keras.layers.Layer"))


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    if not node.bases or (forward := file.methods(node).get("forward")) is None:
        return
    family = lineage(file, node)
    if not family.is_keras_layer or not family.names <= _PLAIN or is_abstract(forward):
        return
    if misnamed(file, node, family, "forward", "call") and not is_functional(file, node):
        yield rule.at(forward, cls=node.name)


def is_functional(file: File, cls: ast.ClassDef) -> bool:
    """Whether the class hands inputs and outputs to its base, which then has a forward pass."""
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "__init__"
        and any(keyword.arg in ("inputs", "outputs") for keyword in call.keywords)
        for call in file.inside(cls)[ast.Call]
    )
