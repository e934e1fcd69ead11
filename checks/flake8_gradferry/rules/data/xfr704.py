"""A whole module loaded by `torch.load`.

## Why

LOUD. Keras saves and loads whole models; `torch.save(model, path)` pickles the object with a
reference to its class, and since torch 2.6 `torch.load` unpickles nothing but tensors and plain
containers (`weights_only=True`): `UnpicklingError: Weights only load failed`. It raises after the
training, when the model is wanted back. With `weights_only=False` it runs whatever code the file
holds, and breaks when the class is moved or renamed.

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(8, 4)

    def forward(self, x):
        return self.out(x)


torch.save(Net(), "net.pt")
net = torch.load("net.pt")  # XFR704
y = net(torch.ones(1, 8))
```

## Good

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(8, 4)

    def forward(self, x):
        return self.out(x)


torch.save(Net().state_dict(), "net.pt")
net = Net()
net.load_state_dict(torch.load("net.pt"))
y = net(torch.ones(1, 8))
```

## When it stays quiet

- `weights_only=False` or a `pickle_module` is given, `add_safe_globals` or `safe_globals` is
  called, the call stands in a `try`.
- It is not seen that a module is loaded: neither is it used as one, nor saved as one in the file.
- The project's requirements keep torch below 2.6.

## Fix

Save `model.state_dict()`, and load it into a new model with `load_state_dict`. `weights_only=False`
is for files that you made yourself.

## Seen at run time

Torch raises. `training_smoke`: `save-load` saves the state dict.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.load.html
- https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.kinds import Kind, kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value
from ...source.infer import reaching
from ...source.paths import same_path
from ...source.versions import torch_before
from ...source.walk import File

rule = Rule(
    __name__,
    name="whole-module-loaded",
    message="{load} of a whole module raises since torch 2.6; save its state_dict()",
    harm=Harm.LOUD,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)

_LOADS_MODULES_NO_MORE = (2, 6)
# What nothing but a module has.
_OF_MODULES = (
    "eval train parameters named_parameters modules named_modules children named_children "
    "state_dict zero_grad requires_grad_ forward"
).split()
# What gives the module itself.
_MOVES = ("to", "cuda", "cpu", "float", "half", "double", "eval", "train")
_ALLOWS = ("add_safe_globals", "safe_globals")


@rule.call("torch.load")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    told = {item.arg: item.value for item in call.keywords}
    match told.get("weights_only"):
        case None | ast.Constant(value=True | None):
            pass
        case _:
            return
    if None in told or "pickle_module" in told or may_be_caught(file, call) or allows(file):
        return
    if torch_before(file, _LOADS_MODULES_NO_MORE):
        return
    if used_as_module(file, call) or (call.args and saved_as_module(file, call.args[0])):
        yield rule.at(call, load=ast.unparse(call.func))


def allows(file: File) -> bool:
    """Whether the file says which classes may be loaded, or puts its own `load` in place."""
    if any(word in file.calls_by_name for word in _ALLOWS):
        return True
    return any(
        file.dotted(target) == "torch.load"
        for assign in file.index[ast.Assign]
        for target in assign.targets
        if isinstance(target, ast.Attribute)
    )


def may_be_caught(file: File, call: ast.Call) -> bool:
    """Whether the call stands in a `try`, so that it may be followed by another attempt."""
    return file.enclosing(call, ast.Try) is not None


def used_as_module(file: File, load: ast.expr) -> bool:
    """Whether what is loaded, or a named part of it, is used as only a module can be."""
    value = load
    while True:
        above = file.parent(value)
        match above:
            case ast.Subscript(value=inner, slice=ast.Constant(value=str())) if inner is value:
                value = above
            case ast.Attribute(attr=method):
                if not isinstance(call := file.parent(above), ast.Call) or call.func is not above:
                    return False
                if method in _OF_MODULES:
                    return True
                if method not in _MOVES:
                    return False
                value = call
            case ast.Assign(targets=[ast.Name() | ast.Attribute() as target]):
                return named_module(file, above, target)
            case _:
                return False


def named_module(file: File, assign: ast.Assign, target: ast.Name | ast.Attribute) -> bool:
    """Whether a name that holds what was loaded is called, or asked for what modules have."""
    word = file.dotted(target)
    function = file.function(assign)
    inside = file.inside(function) if function is not None else file.index
    for call in inside[ast.Call]:
        func = call.func
        holder = func.value if isinstance(func, ast.Attribute) else func
        if file.dotted(holder) != word or not may_hold(file, holder, assign):
            continue
        if holder is func or getattr(func, "attr", "") in _OF_MODULES:
            return True
    return False


def may_hold(file: File, holder: ast.expr, assign: ast.Assign) -> bool:
    """Whether a name holds what an assignment gave it, rather than what another one did."""
    if file.function(holder) is file.function(assign):
        if holder.lineno <= assign.lineno:
            return False
        if isinstance(holder, ast.Name):
            return comes_from(file, holder, assign)
        return True
    # In another function: unless the name stands for a state dict somewhere.
    name = file.dotted(holder)
    return isinstance(holder, ast.Name) and not any(
        name in map(file.dotted, call.args)
        for call in file.calls_by_name.get("load_state_dict", ())
    )


def comes_from(file: File, name: ast.Name, assign: ast.Assign, depth: int = 4) -> bool:
    """Whether a name holds what was loaded on every way, `model = model.cuda()` seen through."""
    bound = [binding.node for binding in reaching(file, name)]
    for node in bound:
        match node:
            case ast.Assign() if node is assign:
                pass
            case ast.Assign(
                value=ast.Call(func=ast.Attribute(attr=method, value=ast.Name() as of))
            ):
                if method not in _MOVES or not depth or not comes_from(file, of, assign, depth - 1):
                    return False
            case _:
                return False
    return bool(bound)


def saved_as_module(file: File, path: ast.expr) -> bool:
    """Whether the file itself puts a module under the path."""
    return any(
        file.qualified(save.func) == "torch.save"
        and len(save.args) > 1
        and kind(file, save.args[0]) is Kind.TORCH_MODULE
        and same_path(Value(file, save.args[1]), Value(file, path))
        for save in file.calls_by_name.get("save", ())
    )
