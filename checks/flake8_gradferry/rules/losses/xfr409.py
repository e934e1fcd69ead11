"""A class where one of its objects is meant: a loss, an optimizer, a callback.

## Why

LOUD. `compile(optimizer=keras.optimizers.Adam)` raises `Could not interpret optimizer identifier`,
`callbacks=[EarlyStopping]` a TypeError when training begins. `MeanSquaredError(y, p)`, called like
the function `mean_squared_error`, raises `truth value of an array ... is ambiguous`;
`BinaryCrossentropy(y, p)` makes a loss with `from_logits=y` and raises only where its value is
used. torch's `criterion = nn.CrossEntropyLoss` without the parentheses raises at
`criterion(output, target)`.

## Bad

```python
import keras

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam, loss="mse")  # XFR409
```

```python
import numpy as np
import keras

model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="zeros")])
y_true, y_pred = np.ones((2, 1)), model(np.ones((2, 3)))
loss = keras.losses.MeanSquaredError(y_true, y_pred)  # XFR409
```

```python
import torch
from torch import nn

criterion = nn.CrossEntropyLoss
loss = criterion(torch.ones(2, 3), torch.tensor([0, 1]))  # XFR409
```

## Good

```python
import keras

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(), loss="mse")
```

```python
import numpy as np
import keras

model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="zeros")])
y_true, y_pred = np.ones((2, 1)), model(np.ones((2, 3)))
loss = keras.losses.MeanSquaredError()(y_true, y_pred)
```

```python
import torch
from torch import nn

criterion = nn.CrossEntropyLoss()
loss = criterion(torch.ones(2, 3), torch.tensor([0, 1]))
```

## When it stays quiet

- `loss=keras.losses.MeanSquaredError` and `metrics=[keras.metrics.MeanAbsoluteError]`: Keras makes
  the object itself.
- The functions `keras.losses.mse`, `keras.losses.mean_squared_error`.
- Arguments of which it cannot be told that they are outputs and targets.

## Fix

Add the parentheses.

## Seen at run time

The framework raises.

## References

- https://keras.io/api/losses/
- https://keras.io/api/models/model_training_apis/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.sides import Side, side
from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import last_name
from ...source.callframes import Value
from ...source.guards import expects_error
from ...source.infer import framework_bases, lineage, origins
from ...source.project import symbol_of
from ...source.walk import File

rule = Rule(
    __name__,
    name="class-not-instance",
    message="{place} wants an object, {cls} is its class; write {cls}()",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)
CALLED = "{cls}({first}, ...) makes a loss; write {cls}()(...)"
NAMED = "{name} is a class, not a loss; write {name} = {cls}()"

_KERAS_LOSSES = (
    "MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError "
    "BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalHinge "
    "CategoricalFocalCrossentropy SparseCategoricalCrossentropy KLDivergence Hinge SquaredHinge "
    "Huber LogCosh Poisson CosineSimilarity"
)
_TORCH_LOSSES = (
    "CrossEntropyLoss NLLLoss MSELoss L1Loss SmoothL1Loss HuberLoss BCELoss BCEWithLogitsLoss "
    "KLDivLoss"
)
_LOSSES = frozenset(
    (
        *(f"keras.losses.{name}" for name in _KERAS_LOSSES.split()),
        *(f"torch.nn.{name}" for name in _TORCH_LOSSES.split()),
    )
)


@rule.method("compile")
def check_compile(file: File, call: ast.Call) -> Iterator[Finding]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    optimizer = given.get("optimizer") or (call.args[0] if call.args else None)
    wrong = optimizer is not None and is_class(file, optimizer, "keras.optimizers.Optimizer")
    if optimizer is not None and wrong and not expects_error(file, call):
        yield rule.at(call, place="compile", cls=last_name(optimizer))


@rule.method("fit", "evaluate", "predict")
def check_callbacks(file: File, call: ast.Call) -> Iterator[Finding]:
    for keyword in call.keywords:
        if keyword.arg == "callbacks" and isinstance(keyword.value, ast.List | ast.Tuple):
            for item in keyword.value.elts:
                wrong = is_class(file, item, "keras.callbacks.Callback")
                if wrong and not expects_error(file, call):
                    yield rule.at(item, place="callbacks", cls=last_name(item))


@rule.call(*(f"keras.losses.{name}" for name in _KERAS_LOSSES.split()))
def check_call(file: File, call: ast.Call) -> Iterator[Finding]:
    if is_computed(file, call) and not expects_error(file, call):
        yield rule.at(call, CALLED, cls=last_name(call.func), first=ast.unparse(call.args[0]))


@rule.node(ast.Module)
def check_named(file: File, module: ast.Module) -> Iterator[Finding]:
    """Losses that are named without being made, and called with outputs and targets."""
    for assign in file.index[ast.Assign]:
        if not isinstance(assign.value, ast.Name | ast.Attribute):
            continue
        if file.imported(assign.value) in _LOSSES:
            for name in {last_name(target) for target in assign.targets} - {""}:
                yield from calls_of(file, name)


def calls_of(file: File, name: str) -> Iterator[Finding]:
    for call in file.calls_by_name.get(name, ()):
        made = origins(file, call.func)
        if not all(origin.file.qualified(origin.node) in _LOSSES for origin in made):
            continue
        if len(call.args) == 2 and not expects_error(file, call):
            cls = ast.unparse(made[0].node)
            yield rule.at(call, NAMED, name=ast.unparse(call.func), cls=cls)


def is_computed(file: File, call: ast.Call) -> bool:
    """Whether a loss class is called with outputs and targets, in either order."""
    if len(call.args) < 2:
        return False
    first, second = (side(Value(file, argument)).side for argument in call.args[:2])
    return {first, second} == {Side.OUTPUT, Side.TARGET}


def is_class(file: File, node: ast.expr, base: str) -> bool:
    """Whether an expression names a class derived from `base`, of the framework or the project."""
    if not isinstance(node, ast.Name | ast.Attribute):
        return False
    found = symbol_of(file, node)
    if found is None or not isinstance(found.node, ast.ClassDef):
        return base in framework_bases(file, file.qualified(node) or "")
    return base in lineage(found.file, found.node).names
