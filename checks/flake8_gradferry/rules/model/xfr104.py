"""A torch module that gets its parts before `super().__init__()` has run.

## Why

LOUD. `nn.Module.__init__` makes the tables in which a module keeps its parts. Measured on torch
2.13: a layer or parameter that is assigned earlier, or without any `super().__init__()`, raises
AttributeError ("cannot assign module before Module.__init__() call").

## Bad

```python
from torch import nn


class Net(nn.Module):
    def __init__(self):
        self.out = nn.Linear(8, 4)  # XFR104

    def forward(self, x):
        return self.out(x)
```

## Good

```python
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(8, 4)

    def forward(self, x):
        return self.out(x)
```

## When it stays quiet

- Numbers, strings and functions may be assigned before.
- Data classes, `__new__`, `call_super_init = True`, and `__init__` methods that first call a method
  that may run it.

## Fix

`super().__init__()` as the first statement of `__init__`.

## Seen at run time

The framework raises when the module is made.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.construction import REGISTERS, builds_otherwise, set_before_base
from ...model.models import class_lineage, layers
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.infer import lineage
from ...source.walk import File

rule = Rule(
    __name__,
    name="torch-init-without-super",
    message="self.{name} is set before super().__init__(), so torch raises; call that first",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    if not node.bases or (init := file.methods(node).get("__init__")) is None:
        return
    early = set_before_base(file, node, init)
    if not early or not lineage(file, node).is_torch_module or builds_otherwise(file, node):
        return
    for name, value in early:
        if is_part(file, value) and not expects_error(file, value):
            yield rule.at(file.statement(value), name=name)
            return


def is_part(file: File, value: ast.expr) -> bool:
    """Whether a value is surely a module or a parameter, or is the registering of one."""
    if not isinstance(value, ast.Call):
        return False
    match value.func:
        case ast.Attribute(value=ast.Name(id="self"), attr=method) if method in REGISTERS:
            return True
    if file.qualified(value.func) == "torch.nn.Parameter":
        return True
    return any(
        layer.node is value
        and (layer.cls is None or class_lineage(layer.cls).is_torch_module)
        and not layer.name.startswith("keras.")
        for layer in layers(file, value).layers
    )
