"""`model.training = False` in place of `model.eval()`.

## Why

SILENT. In torch `training` is a flag that each module keeps for itself; `eval()` and `train()` set
it on the module and on all modules inside. Assigning it reaches the outermost module alone, so
Dropout and batch norm inside stay in the mode they were in. A Keras model has no such attribute at
all: the mode is an argument of each call. Measured on torch 2.13: after the assignment below half
of the outputs are still 0, after `eval()` none; on Keras 3.15 `model.training = True` changes
nothing.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 64), nn.Dropout(0.5))
model.training = False  # XFR312
with torch.no_grad():
    zeros = (model(torch.ones(4, 8)) == 0).float().mean()
```

```python
import keras
import numpy as np

model = keras.Sequential([keras.layers.Dense(64), keras.layers.Dropout(0.5)])
model.training = True  # XFR312
zeros = (np.asarray(model(np.ones((4, 8)))) == 0).mean()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 64), nn.Dropout(0.5))
model.eval()
with torch.no_grad():
    zeros = (model(torch.ones(4, 8)) == 0).float().mean()
```

```python
import keras
import numpy as np

model = keras.Sequential([keras.layers.Dense(64), keras.layers.Dropout(0.5)])
zeros = (np.asarray(model(np.ones((4, 8)), training=True)) == 0).mean()
```

## When it stays quiet

- `self.training = ...`: a class that sets its own flag, as an override of `train()` does.
- Assignments in a loop or function that goes through `modules()` or `children()`.
- Nothing inside depends on the mode: a single `nn.Dropout(0.5)` is told by the assignment.
- Objects that are not surely a module of one framework, and classes that look at a `training` of
  their own while nothing inside is seen to depend on it.

## Fix

In torch `model.eval()`, `model.train()` or `model.train(flag)`; in Keras `model(x, training=...)`.

## Seen at run time

`training_smoke`: `modes` (two passes in evaluation differ).

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.layer_names import is_zoo
from ...model.models import class_lineage, layers, members
from ...model.modes import any_dependent, mode_dependent
from ...objects.module_kinds import KERAS, TORCH, module_kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins
from ...source.walk import File

rule = Rule(
    __name__,
    name="training-attribute-assigned",
    message="{name}.training does not reach the modules inside (SILENT); call {method}",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_OF_KERAS = "Keras knows no {name}.training (SILENT: no effect); pass training= to the call"


@rule.setting("training")
def check(file: File, target: ast.Attribute) -> Iterator[Finding]:
    match file.parent(target):
        case ast.Assign() as assign if not is_self(target.value):
            kind = module_kind(file, target.value)
            name = ast.unparse(target.value)
            if kind == KERAS and not has_flag(file, target.value):
                yield rule.at(assign, _OF_KERAS, name=name)
            elif kind == TORCH and leaves_some_out(file, assign, target.value):
                yield rule.at(assign, name=name, method=instead(assign.value))


def is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def instead(value: ast.expr) -> str:
    match value:
        case ast.Constant(value=False):
            return "eval()"
        case ast.Constant(value=True):
            return "train()"
    return "train(...)"


def has_flag(file: File, model: ast.expr) -> bool:
    """Whether the object's class has, or may have, a `training` that it looks at itself."""
    classes = [origin.cls for origin in origins(file, model)]
    for family in map(class_lineage, filter(None, classes)):
        if not family.complete or any(
            node.attr == "training" and is_self(node.value)
            for at in family.classes
            for node in at.file.inside(at.node)[ast.Attribute]
        ):
            return True
    return False


def leaves_some_out(file: File, assign: ast.Assign, model: ast.expr) -> bool:
    """Whether what the module holds may depend on the mode, and is not set as well."""
    if goes_through(file, assign):
        return False
    held = layers(file, model).layers
    inside = [any_dependent(members(layer)) for layer in held if not is_zoo(layer.name)]
    if has_flag(file, model):
        return True in inside
    return mode_dependent(file, model) is not False and False not in inside


def goes_through(file: File, assign: ast.Assign) -> bool:
    """Whether the modules inside are set too: the function goes through them."""
    inside = file.inside(file.function(assign) or file.tree, nested=False)
    return any(
        node.attr in ("modules", "children", "named_modules", "named_children", "apply")
        for node in inside[ast.Attribute]
    )
