"""`add_weight` with the name first, as Keras 2 had it.

## Why

LOUD. In Keras 2 the first argument was the name, in Keras 3 it is the shape. Measured on Keras
3.15: `add_weight("kernel", (4, 4))` and `add_weight("kernel", shape=(4, 4))` raise ValueError in
a layer, `add_variable("kernel", shape=...)` raises TypeError, and a metric raises ValueError.

## Bad

```python
import keras


class Linear(keras.layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight("kernel", (shape[-1], 4))  # XFR117

    def call(self, x):
        return x @ self.kernel
```

## Good

```python
import keras


class Linear(keras.layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], 4))

    def call(self, x):
        return x @ self.kernel
```

## When it stays quiet

- Files that are plainly written for Keras 2.
- Classes with an `add_weight` of their own, and code that expects the error.

## Fix

Pass both by keyword: `add_weight(name="kernel", shape=...)`, which is right in either version.

## Seen at run time

The framework raises when the layer is built.

## References

- https://keras.io/guides/migrating_to_keras_3/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.infer import lineage
from ...source.walk import File

rule = Rule(
    __name__,
    name="positional-add-weight",
    message='{method}("{name}", ...): Keras 3 wants the shape first; pass name= and shape=',
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="either",
    keras_3=True,
)


@rule.method("add_weight", "add_variable")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="self"), attr=method),
            args=[ast.Constant(value=str(name)), *_],
        ):
            cls = file.method_class(call)
            if cls is None or expects_error(file, call):
                return
            family = lineage(file, cls)
            keras = family.is_keras_layer or family.derives("keras.metrics.Metric")
            if keras and family.method(method) is None:
                yield rule.at(call, method=method, name=name)
