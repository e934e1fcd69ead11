"""A freeze written in the other framework's words.

## Why

SILENT. Keras layers are frozen by `layer.trainable = False`, torch parameters by
`parameter.requires_grad = False` and a whole module by `module.requires_grad_(False)`. Any other
name is a new Python attribute that nobody reads: the weights go on being trained (or, with `True`,
stay frozen). Measured on torch 2.13 and Keras 3.15: after `module.trainable = False` and after
`module.requires_grad = False` every parameter of the module still requires its gradient, and a
Keras layer has as many trainable weights as before `layer.requires_grad = False`.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
backbone = nn.Linear(4, 8)
model = nn.Sequential(backbone, nn.ReLU(), nn.Linear(8, 2))
backbone.trainable = False  # XFR315
before = backbone.weight.detach().clone()

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
optimizer.zero_grad()
nn.functional.cross_entropy(model(torch.randn(16, 4)), torch.randint(2, (16,))).backward()
optimizer.step()
moved = not torch.equal(before, backbone.weight)
```

```python
import keras

base = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(8)])
for layer in base.layers:
    layer.requires_grad = False  # XFR315
left = len(base.trainable_variables)
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
backbone = nn.Linear(4, 8)
model = nn.Sequential(backbone, nn.ReLU(), nn.Linear(8, 2))
backbone.requires_grad_(False)
before = backbone.weight.detach().clone()

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
optimizer.zero_grad()
nn.functional.cross_entropy(model(torch.randn(16, 4)), torch.randint(2, (16,))).backward()
optimizer.step()
moved = not torch.equal(before, backbone.weight)
```

```python
import keras

base = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(8)])
for layer in base.layers:
    layer.trainable = False
left = len(base.trainable_variables)
```

## When it stays quiet

- `requires_grad` of tensors and parameters, `trainable` of Keras layers and models.
- `self.trainable = ...` in a class of one's own, and `trainable` wherever the file reads it: a flag
  that somebody looks at.
- Objects that are not surely a module of one framework.

## Fix

In torch `module.requires_grad_(False)`, or `parameter.requires_grad = False` in a loop over
`module.parameters()`; in Keras `layer.trainable = False`, before `compile`.

## Seen at run time

`training_smoke`: `updates` (frozen weights do not move, all others do).

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.requires_grad_
- https://keras.io/guides/transfer_learning/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.module_kinds import KERAS, TORCH, is_torch_parameter, module_kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage
from ...source.walk import File, remembered

rule = Rule(
    __name__,
    name="freeze-in-wrong-framework",
    message="{attribute} does nothing on {name} (SILENT); call its requires_grad_({value})",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="either",
)

_OF_PARAMETER = "{attribute} does nothing on {name} (SILENT); set requires_grad"
_OF_LAYER = "{attribute} does nothing on {name} in Keras (SILENT); set trainable"

# As people spell it who do not write `requires_grad`.
_MISSPELT = frozenset(
    (
        "requires_grad_ requires_grads require_grad require_grads required_grad required_grads "
        "requires_gradient requires_gradients require_gradient require_gradients"
    ).split()
)
_SETTINGS = _MISSPELT | {"trainable", "requires_grad"}


@rule.setting(*_SETTINGS)
def check(file: File, target: ast.Attribute) -> Iterator[Finding]:
    assign = file.parent(target)
    message = misplaced(file, target)
    if message is not None and isinstance(assign, ast.Assign):
        yield rule.at(
            assign,
            message,
            name=ast.unparse(target.value),
            attribute=target.attr,
            value=ast.unparse(assign.value),
        )


def misplaced(file: File, target: ast.Attribute) -> str | None:
    """What to say of a setting that its object does not have, None where all is well."""
    whose, setting = target.value, target.attr
    if setting == "trainable" and setting in read_attributes(file):
        return None
    if isinstance(whose, ast.Name) and whose.id == "self":
        return _of_self(file, target)
    kind = module_kind(file, whose)
    if kind == KERAS:
        return None if setting == "trainable" else _OF_LAYER
    if kind == TORCH:
        return rule.message
    if setting != "requires_grad" and is_torch_parameter(file, whose):
        return _OF_PARAMETER
    return None


def _of_self(file: File, target: ast.Attribute) -> str | None:
    """A class may keep a flag of its own under these names, but not read it under another."""
    cls = file.method_class(target)
    if cls is None or target.attr == "trainable" or target.attr in read_attributes(file):
        return None
    family = lineage(file, cls)
    return rule.message if family.is_torch_module and family.complete else None


@remembered
def read_attributes(file: File) -> frozenset[str]:
    """The attributes that the file reads, by name or through `getattr` and `hasattr`."""
    names = {node.attr for node in file.index[ast.Attribute] if isinstance(node.ctx, ast.Load)}
    for call in (*file.calls_by_name.get("getattr", ()), *file.calls_by_name.get("hasattr", ())):
        names |= {str(arg.value) for arg in call.args if isinstance(arg, ast.Constant)}
    return frozenset(names)
