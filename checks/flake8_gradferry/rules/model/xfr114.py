"""A weight of a torch module kept as a plain tensor.

## Why

SILENT. A Keras layer keeps a variable that it is given as an attribute; a torch module registers
`nn.Parameter` only. A tensor made with `requires_grad=True` gets a gradient, and nobody uses it:
measured on torch 2.13, the tensor is not among the parameters, does not move, is not in
`state_dict()`, and stays in float32 after `net.double()`.

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(8, 1)
        self.scale = torch.ones(1, requires_grad=True)  # XFR114

    def forward(self, x):
        return self.out(x) * self.scale


net = Net()
```

## Good

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(8, 1)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.out(x) * self.scale


net = Net()
```

## When it stays quiet

- The tensor is made a parameter later, or handed by name to an optimizer, to `torch.autograd.grad`
  or to a list of weights; the class says itself what its `parameters()` are.
- Tensors made of data that is passed in (`torch.tensor(x, requires_grad=True)`): inputs to
  differentiate by, as physics-informed networks have them.
- First states of recurrent layers (`self.h0`, `self.hidden`), and tensors that the class' other
  methods never read.
- Unit tests (`test_*.py`), whose models are made without parameters on purpose.

## Fix

`self.scale = nn.Parameter(torch.ones(1))`. What is not to be trained is
`self.register_buffer("scale", torch.ones(1))`.

## Seen at run time

`training_smoke`: `updates` (a plain tensor that gets a gradient and never moves) and `save-load`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...loop.evaluation import is_test
from ...model.containers import registers_itself
from ...model.kept import assigned_once, kept_as, looked_after, reads, taken_elsewhere
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage
from ...source.walk import File

rule = Rule(
    __name__,
    name="weight-as-plain-tensor",
    message="self.{name} is a plain tensor, never trained (SILENT); use nn.Parameter",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)

_FRESH = (
    "rand randn zeros ones empty full eye normal rand_like randn_like zeros_like ones_like "
    "empty_like full_like linspace arange"
).split()
_OF_VALUES = ("tensor", "as_tensor", "Tensor", "FloatTensor", "autograd.Variable")
_STATE = re.compile(r"hidden|state|carry|memory|^[hc]_?[0tn]$|^_?[hc]x?$|noise|input|^x$|^t$")


@rule.call(*(f"torch.{name}" for name in (*_FRESH, *_OF_VALUES)))
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    if not wants_gradient(file, call) or not is_own(file, call) or is_test(file):
        return
    cls = file.method_class(call)
    kept = kept_as(file, call) if cls is not None else None
    if cls is None or kept is None or kept.inside or any(map(leaves_torch, kept.changes)):
        return
    family = lineage(file, cls)
    if not family.is_torch_module or registers_itself(family) or _STATE.search(kept.name):
        return
    if not assigned_once(file, cls, kept.name) or not reads(file, cls, kept.name):
        return
    if not looked_after(file, cls, kept.name) and not taken_elsewhere(file, kept.name):
        yield rule.at(call, name=kept.name)


def wants_gradient(file: File, call: ast.Call) -> bool:
    """`requires_grad=True`, or `.requires_grad_()` on the new tensor."""
    for keyword in call.keywords:
        if keyword.arg == "requires_grad":
            return isinstance(keyword.value, ast.Constant) and keyword.value.value is True
    match file.parent(call):
        case ast.Attribute(attr="requires_grad_") as method:
            match file.parent(method):
                case ast.Call(args=[]) | ast.Call(args=[ast.Constant(value=True)]):
                    return True
    return False


def is_own(file: File, call: ast.Call) -> bool:
    """Whether the values are the class' own: random, constant, not data that was passed in."""
    name = (file.qualified(call.func) or "").rpartition(".")[2]
    if name in _FRESH:
        return True
    given = call.args[0] if call.args else None
    if isinstance(given, ast.Call):
        return (file.qualified(given.func) or "").removeprefix("torch.") in _FRESH
    return given is not None and is_literal(given)


def is_literal(node: ast.expr) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.UnaryOp(operand=inner):
            return is_literal(inner)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return all(map(is_literal, items))
    return False


def leaves_torch(change: ast.expr) -> bool:
    """Whether what is made of the tensor is no longer a tensor of the module, as far as seen."""
    match change:
        case ast.Call(func=ast.Attribute(attr=attr)):
            return attr in ("numpy", "item", "detach", "tolist", "size", "Parameter")
        case ast.Call():
            return True
    return False
