"""A layer that is added or replaced after the optimizer was made.

## Why

SILENT. Keras asks the model for its variables at each step; a PyTorch optimizer keeps the list it
was given. A layer put in later gets gradients and never moves. Measured on the program below: the
new head is bit for bit what it was after 50 steps, and both of its weights are in no optimizer.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential()
model.body = nn.Linear(8, 16)
model.head = nn.Linear(16, 10)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
model.head = nn.Linear(16, 3)  # XFR216

before = model.head.weight.detach().clone()
for step in range(50):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential()
model.body = nn.Linear(8, 16)
model.head = nn.Linear(16, 10)
model.head = nn.Linear(16, 3)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

before = model.head.weight.detach().clone()
for step in range(50):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
```

## When it stays quiet

- Another optimizer is made afterwards, or `add_param_group` is called.
- What is put in has no weights (`nn.Identity()`, `nn.Dropout(...)`), or is not seen to be a layer.
- The optimizer is not used any more.

## Fix

Change the model first, then make the optimizer; or `optimizer.add_param_group(...)`.

## Seen at run time

`training_smoke`: `updates` (the optimizer holds every weight, and each one moves).

## References

- https://docs.pytorch.org/docs/stable/optim.html#constructing-it
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...loop.things import OPTIMIZERS
from ...rule import Confidence, Finding, Harm, Rule
from ...source.bindings import may_precede
from ...source.infer import origins
from ...source.walk import LOOPS, File, position

rule = Rule(
    __name__,
    name="optimizer-before-layers",
    message="{layer} is put in after the optimizer was made (SILENT: never trained); before it",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_PUTS_IN = frozenset("append add_module register_module insert extend".split())
_WEIGHTLESS = re.compile(
    r"\.(\w*Dropout\w*|Identity|Flatten|Unflatten|\w*Pool\w*|\w*ReLU\w*|\w*Sigmoid|\w*Softmax\w*"
    r"|Tanh|\w*[GSC]?ELU|SiLU|Mish|Hard\w+|Soft\w+|Upsample\w*|\w*Pad\w*|Pixel\w+|\w*Loss|Fold"
    r"|Unfold|Sequential|ModuleList|ModuleDict|Parameter|ParameterList)$"
)


@rule.call(*OPTIMIZERS)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    if (optimizer := bound_to(file, call)) is None:
        return
    for owner in dict.fromkeys(owners(file, call)):
        for node, shown in put_in(file, call, owner):
            if not is_covered(file, call, node) and is_used(file, optimizer, node):
                yield rule.at(node, layer=shown)


def bound_to(file: File, call: ast.Call) -> ast.expr | None:
    """The name or attribute that the optimizer goes by."""
    match file.parent(call):
        case ast.Assign(targets=[ast.Name() | ast.Attribute() as target]):
            return target
    return None


def owners(file: File, call: ast.Call) -> Iterator[str]:
    """The dotted names of the objects whose parameters an optimizer is given."""
    given = call.args[:1] or [k.value for k in call.keywords if k.arg == "params"]
    for inner in (c for argument in given for c in file.inside(argument)[ast.Call]):
        match inner.func:
            case ast.Attribute(attr="parameters" | "named_parameters", value=owner):
                if (name := file.dotted(owner)) is not None:
                    yield name


def put_in(file: File, call: ast.Call, owner: str) -> Iterator[tuple[ast.AST, str]]:
    """Where the owner gets a layer with weights after the call, and its name."""
    inside = file.body_of(call)
    for statement in inside[ast.Assign]:
        for target in statement.targets:
            place = target.value if isinstance(target, ast.Subscript) else target
            name = file.dotted(place) or ""
            replaced = isinstance(target, ast.Attribute) and name == owner
            if not replaced and not name.startswith(owner + "."):
                continue
            if has_weights(file, statement.value) and may_precede(file, call, statement):
                yield statement, ast.unparse(target)
    for other in inside[ast.Call]:
        match other.func:
            case ast.Attribute(attr=attr, value=place) if attr in _PUTS_IN:
                name = file.dotted(place) or ""
                if not f"{name}.".startswith(owner + ".") or not may_precede(file, call, other):
                    continue
                if any(has_weights(file, argument) for argument in other.args):
                    yield other, name


def has_weights(file: File, node: ast.expr) -> bool:
    """Whether a value is a new module with weights of its own."""
    for made in file.inside(node)[ast.Call]:
        for origin in origins(file, made):
            name = origin.callee.rpartition(".")[2]
            if _WEIGHTLESS.search(f".{name}") or origin.call is not made:
                continue  # a model that went through a helper is no new one
            if "torch.nn.Module" in origin.types:
                return True
    return False


def is_covered(file: File, call: ast.Call, node: ast.AST) -> bool:
    """Whether an optimizer is told of the layer later, or both stand in one loop."""
    shared = [a for a in file.ancestors(call) if isinstance(a, LOOPS)]
    if any(loop in file.ancestors(node) for loop in shared):
        return True
    for other in file.body_of(call)[ast.Call]:
        if isinstance(other.func, ast.Attribute) and other.func.attr == "add_param_group":
            return True
        makes = re.search(r"optim", ast.unparse(other.func), re.IGNORECASE) is not None
        makes = makes or file.qualified(other.func) in OPTIMIZERS
        takes = any(
            isinstance(inner.func, ast.Attribute) and "parameters" in inner.func.attr
            for argument in (*other.args, *(k.value for k in other.keywords))
            for inner in file.inside(argument)[ast.Call]
        )
        if makes and takes and other is not call and may_precede(file, node, other):
            return True
    return False


def is_used(file: File, optimizer: ast.expr, node: ast.AST) -> bool:
    """Whether the optimizer is read after a place, or is kept by an object."""
    if not isinstance(optimizer, ast.Name):
        return True
    return any(
        name.id == optimizer.id
        and isinstance(name.ctx, ast.Load)
        and position(name) > position(node)
        for name in file.body_of(node)[ast.Name]
    )
