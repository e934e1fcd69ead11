"""A torch attribute computed from a `Parameter`, which is then no parameter itself.

## Why

SILENT. A torch module registers what is an `nn.Parameter` when it is assigned. The result of an
operation on one (`nn.Parameter(...) * 0.01`, `.to(device)`, `.cuda()`, `.view(...)`) is a plain
tensor, computed once in `__init__`. Measured on torch 2.13: `parameters()` is empty, the attribute
is not a leaf, no step moves it, and `state_dict()` does not hold it. (`.to(device)` hands back the
parameter itself where there is nothing to move, so the mistake shows on the GPU only.)

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(8, 1)) * 0.01  # XFR115
        self.b = nn.Parameter(torch.zeros(1)).to(torch.float64)  # XFR115

    def forward(self, x):
        return x @ self.w + self.b


net = Net()
```

## Good

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(8, 1) * 0.01)
        self.b = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, x):
        return x @ self.w + self.b


net = Net()
```

## When it stays quiet

- The operation stands inside `nn.Parameter(...)`.
- In-place methods (`.requires_grad_(False)`), `nn.init`, `.detach()` and `.data`, which are asked
  for on purpose, and parameters made with `requires_grad=False`.
- The attribute is made a parameter later, or is handed to an optimizer.

## Fix

Move the operation inside: `nn.Parameter(torch.randn(8, 1) * 0.01)`. For `.to(device)` and
`.cuda()`, leave it out: `net.to(device)` moves parameters.

## Seen at run time

`training_smoke`: `gradients` (tensors that run but are not among the parameters) and `save-load`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.kept import kept_as, looked_after
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage, self_assignments
from ...source.walk import File

rule = Rule(
    __name__,
    name="parameter-in-expression",
    message="self.{name} is computed from a Parameter, so is none (SILENT); compute inside it",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_ON_PURPOSE = frozenset("detach clone numpy item tolist cpu size".split())


@rule.call("torch.nn.Parameter")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    cls = file.method_class(call)
    if cls is None or any(is_frozen(keyword) for keyword in call.keywords):
        return
    kept = kept_as(file, call)
    if kept is None or kept.inside or not any(computes(file, item) for item in kept.changes):
        return
    if any(hands_back(file, item) is None for item in kept.changes):
        return
    if lineage(file, cls).is_torch_module and not made_later(file, cls, kept.name):
        yield rule.at(call, name=kept.name)


def is_frozen(keyword: ast.keyword) -> bool:
    """Whether a keyword says, or may say, that the parameter is not to be trained."""
    is_true = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
    return keyword.arg == "requires_grad" and not is_true


def computes(file: File, change: ast.expr) -> bool:
    return hands_back(file, change) is False


def hands_back(file: File, change: ast.expr) -> bool | None:
    """Whether a change hands back the parameter itself; None where it is meant or not known."""
    match change:
        case ast.Call(func=ast.Attribute() as func) if (name := file.qualified(func)) is None:
            if func.attr.endswith("_"):
                return True
            return None if func.attr in _ON_PURPOSE else False
        case ast.Call(func=func):
            name = file.qualified(func) or ""
            if name.startswith("torch.nn.init."):
                return True
            known = name.rpartition(".")[0] in ("torch", "torch.nn.functional")
            return False if known else None
    return False


def made_later(file: File, cls: ast.ClassDef, name: str) -> bool:
    """Whether the attribute is a parameter in another place, or somebody looks after it."""
    values = [value for value, _ in self_assignments(file, cls).get(name, ())]
    return looked_after(file, cls, name) or any(
        isinstance(value, ast.Call) and file.qualified(value.func) == "torch.nn.Parameter"
        for value in values
    )
