"""The `lr` of a Keras optimizer, which Keras 3 does not have.

## Why

SILENT where it is set: Keras 3 calls it `learning_rate`, and `optimizer.lr = 0.001` adds an
attribute that nobody reads. Measured on Keras 3.15: the step after it is as large as before, 0.1000
where 0.0010 is asked for. LOUD where it is read, and `backend.set_value` is gone with it
(`AttributeError`). In Keras 2 `lr` was another name of the same thing.

## Bad

```python
import keras

weight = keras.Variable([0.0])
optimizer = keras.optimizers.SGD(0.1)
optimizer.lr = 0.001  # XFR412
optimizer.apply([keras.ops.ones(1)], [weight])
moved = -float(weight[0])
```

## Good

```python
import keras

weight = keras.Variable([0.0])
optimizer = keras.optimizers.SGD(0.1)
optimizer.learning_rate = 0.001
optimizer.apply([keras.ops.ones(1)], [weight])
moved = -float(weight[0])
```

## When it stays quiet

- Files that are plainly for Keras 2, by imports (`tf_keras`, `keras.optimizers.legacy`), idioms
  (`Adam(lr=...)`) or requirements.
- Optimizers of the project's own classes, values whose class cannot be seen, and what stands under
  a test on the version or on `hasattr`.

## Fix

Write `learning_rate`; `K.set_value(optimizer.lr, x)` is `optimizer.learning_rate = x`.

## Seen at run time

`parity`: `curve`, from the step on where the rate should have changed.

## References

- https://keras.io/guides/migrating_to_keras_3/
- https://keras.io/api/optimizers/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.optimizers import is_keras_optimizer
from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import last_name
from ...source.guards import expects_error
from ...source.versions import spelled
from ...source.walk import File

rule = Rule(
    __name__,
    name="lr-attribute-on-keras3",
    message="Keras 3 reads no lr (SILENT: the rate stays); write {optimizer}.learning_rate",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="either",
    keras_3=True,
)
READ = "Keras 3 optimizers have no lr; write {optimizer}.learning_rate"
SET = "Keras 3 has no backend.set_value; write {optimizer}.learning_rate = ..."
GET = "Keras 3 has no backend.get_value; write float({optimizer}.learning_rate)"


@rule.node(ast.Module)
def check_attributes(file: File, module: ast.Module) -> Iterator[Finding]:
    for node in file.index[ast.Attribute]:
        if node.attr != "lr" or not is_keras_optimizer(file, node.value):
            continue
        if expects_error(file, node):
            continue
        statement = file.statement(node)
        shown = ast.unparse(node.value)
        if isinstance(node.ctx, ast.Store) and isinstance(statement, ast.Assign):
            yield rule.at(node, optimizer=shown)
        else:
            yield rule.at(node, READ, optimizer=shown)


@rule.call("keras.backend.set_value", "keras.backend.get_value")
def check_backend(file: File, call: ast.Call) -> Iterator[Finding]:
    match call.args:
        case [ast.Attribute(attr="lr" | "learning_rate", value=optimizer) as node, *given]:
            pass
        case _:
            return
    if node.attr == "lr" and is_keras_optimizer(file, optimizer):
        return  # said of the attribute
    if "optim" not in last_name(optimizer).lower() and last_name(optimizer) != "opt":
        return
    reads = node.attr == "learning_rate" and not given
    if reads and not spelled(file, call.func).startswith("keras."):
        return  # TensorFlow keeps this one
    if expects_error(file, call):
        return
    yield rule.at(call, SET if given else GET, optimizer=ast.unparse(optimizer))
