"""Modules kept in a plain list on a torch module.

## Why

SILENT. A torch module finds its parts among its own attributes and in `ModuleList`, not in a
plain Python list; a Keras model tracks lists. What stands in the list runs in `forward`, but
`parameters()`, `state_dict()`, `to()`, `train()` and `eval()` do not reach it. Measured on torch
2.13 with three hidden layers in a list: 68 parameters instead of 884, the hidden weights never
move, and a saved and loaded model gives other outputs.

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = [nn.Linear(16, 16) for _ in range(3)]  # XFR106
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)


net = Net()
```

## Good

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(16, 16) for _ in range(3))
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)


net = Net()
```

## When it stays quiet

- The list, or what stands in it, is registered too: `ModuleList(self.hidden)`,
  `Sequential(*self.hidden)`, `add_module`, `setattr`, an attribute of its own.
- Modules without parameters that act alike in training and evaluation (`nn.ReLU()`).
- Modules that come from outside: `self.teacher = [teacher]` hides a frozen teacher on purpose.
- Keras models, which do track lists, and plain classes.

## Fix

Wrap the list in `nn.ModuleList(...)`. It takes `append`, indexing, `len` and iteration as a list
does.

## Seen at run time

`training_smoke`: `updates` (weights that run but are not among the parameters) and `save-load`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...additions import put_into
from ...infer import lineage, reaching, self_assignments
from ...models import has_parameters, layers
from ...modes import layer_dependent
from ...rule import Confidence, Finding, Harm, Rule
from ...walk import File

rule = Rule(
    __name__,
    name="modules-in-plain-list",
    message="modules in the list self.{name} are not registered (SILENT); use nn.ModuleList",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_REGISTERS = frozenset(
    "ModuleList ModuleDict Sequential add_module register_module setattr __setattr__".split()
)
# A class that does this handles its hidden parameters itself.
_OWN_BUSINESS = ("parameters", "named_parameters", "_apply", "state_dict")


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    if not node.bases or not (family := lineage(file, node)).is_torch_module:
        return
    if not (lists := list(plain_lists(file, node))):
        return
    own = self_assignments(file, node)
    if any(name in own or family.method(name) is not None for name in _OWN_BUSINESS):
        return
    registered = registered_names(file, node)
    if "self" in registered:  # `setattr(self, ...)`: names that cannot be read here
        return
    known = registered | attribute_names(file, node)
    for name, made in lists:
        names = {f"self.{name}", local_name(file, made)}
        if names.isdisjoint(registered) and any(
            is_lost(file, item, known) for item in items(file, made)
        ):
            yield rule.at(made, name=name)


def plain_lists(file: File, cls: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """The attributes that the class makes lists or tuples, with the expression that makes them."""
    for name, values in self_assignments(file, cls).items():
        for value, path in values:
            if path and isinstance(value, (ast.Tuple, ast.List)) and path[0] < len(value.elts):
                value = value.elts[path[0]]
            made = local_list(file, value) if isinstance(value, ast.Name) else value
            if is_list(made):
                yield name, made
                break


def local_list(file: File, name: ast.Name) -> ast.expr:
    """The list that a local name stands for, or the name itself."""
    values = [binding.value for binding in reaching(file, name) if binding.value is not None]
    return values[0] if len(values) == 1 else name


def is_list(node: ast.expr) -> bool:
    match node:
        case ast.List() | ast.ListComp() | ast.Tuple():
            return True
        case ast.Call(func=ast.Name(id="list" | "tuple")):
            return True
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return is_list(left) or is_list(right)
        case ast.BinOp(op=ast.Mult(), left=left):
            return is_list(left)
    return False


def items(file: File, made: ast.expr) -> list[ast.expr]:
    """The expressions that stand in a list, or are appended to it later."""
    found: list[ast.expr] = []
    match made:
        case ast.List(elts=elts) | ast.Tuple(elts=elts):
            found += elts
        case ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt):
            found.append(elt)
        case ast.Call(args=[ast.GeneratorExp(elt=elt)]):
            found.append(elt)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            found += [*items(file, left), *items(file, right)]
        case ast.BinOp(op=ast.Mult(), left=left):
            found += items(file, left)
    later = put_into(file, made)
    return [*found, *(inner for item in later for inner in (items(file, item) or [item]))]


def registered_names(file: File, cls: ast.ClassDef) -> set[str]:
    """The dotted names that the class registers: handed to a container or added."""
    found: set[str] = set()
    inside = file.inside(cls)
    for call in inside[ast.Call]:
        callee = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if callee in _REGISTERS:
            found |= {file.dotted(item) or "" for given in call.args for item in _named_in(given)}
            if callee.endswith("_module") and isinstance(call.func, ast.Attribute):
                found.add(file.dotted(call.func.value) or "")
    return found - {""}


def attribute_names(file: File, cls: ast.ClassDef) -> set[str]:
    """The local names whose value the class also keeps as an attribute."""
    values = [value for found in self_assignments(file, cls).values() for value, _ in found]
    return {value.id for value in values if isinstance(value, ast.Name)}


def _named_in(given: ast.expr) -> list[ast.expr]:
    match given:
        case ast.Starred(value=value) | ast.Subscript(value=value):
            return _named_in(value)
        case ast.Call(args=arguments):  # `ModuleList(list(self.hidden))`
            return arguments
        case ast.BinOp(left=left, right=right):
            return [*_named_in(left), *_named_in(right)]
    return [given]


def local_name(file: File, made: ast.expr) -> str:
    """The local name that a list is first bound to."""
    match file.parent(made):
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


def is_lost(file: File, item: ast.expr, known: set[str]) -> bool:
    """Whether a module that the class makes for its list is known by the list alone."""
    if isinstance(item, ast.Name):
        if item.id in known:
            return False
        bindings = reaching(file, item)
        if len(bindings) != 1 or bindings[0].kind != "assign" or bindings[0].path:
            return False
        item = bindings[0].value or item
    if not isinstance(item, ast.Call) or is_frozen(item):
        return False
    return any(
        has_parameters(layer) or layer_dependent(layer) for layer in layers(file, item).layers
    )


def is_frozen(item: ast.Call) -> bool:
    """`Net().eval()`, `Net().requires_grad_(False)`: hidden from the optimizer on purpose."""
    return isinstance(item.func, ast.Attribute) and item.func.attr in ("eval", "requires_grad_")
