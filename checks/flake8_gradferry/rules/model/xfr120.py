"""A torch module used as if it were a function, or a function as if it were a module.

## Why

LOUD, but late and with a message about something else. In Keras a layer is made and called, and a
loss is a function; in torch `nn.ReLU(x)` makes a module whose `inplace` is the tensor, and
`nn.CrossEntropyLoss(output, target)` a loss with the outputs as class weights:
`RuntimeError: Boolean value of Tensor with more than one value is ambiguous`. `nn.Sequential` takes
modules, neither functions nor a list (`TypeError: ... is not a Module subclass`), and has no `add`.

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(4, 4)

    def forward(self, x):
        return nn.ReLU(self.hidden(x)) + 1  # XFR120


y = Net()(torch.ones(2, 4))
```

```python
import torch
import torch.nn.functional as F
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), F.relu, nn.Linear(4, 1))  # XFR120
```

```python
import torch
from torch import nn

net = nn.Sequential([nn.Linear(4, 4), nn.ReLU()])  # XFR120
```

## Good

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(4, 4)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.hidden(x)) + 1


y = Net()(torch.ones(2, 4))
```

```python
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
```

```python
import torch
from torch import nn

net = nn.Sequential(*[nn.Linear(4, 4), nn.ReLU()])
```

## When it stays quiet

- `nn.ReLU(True)`, `nn.Softmax(dim)`, class weights: `nn.CrossEntropyLoss(weights)`.
- `nn.Sequential(*layers)`, an `OrderedDict`, names that may hold a module.
- Sequential of flax, chainer, Keras, MindSpore, which take functions or lists.

## Fix

Make the module, then call it: `nn.ReLU()(x)`, or use `torch.nn.functional.relu(x)`.

## Seen at run time

torch raises; where the module is the last thing made, `training_smoke` finds no tensor to train on.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.sides import Side, side
from ...objects.kinds import Kind, kind
from ...objects.tensors import whose
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value
from ...source.guards import expects_error
from ...source.infer import origins
from ...source.walk import File

rule = Rule(
    __name__,
    name="module-used-as-function",
    message="{module}(...) makes a module, no value; write {right}",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="keras->torch",
)
NO_MODULE = "nn.Sequential takes modules, {value} is a function; write {right}"
A_LIST = "nn.Sequential takes modules, not a list; write nn.Sequential(*{value})"
ADD = "nn.Sequential has no add; write {name}.append(...)"

_ON_TENSORS = (
    "ReLU ReLU6 LeakyReLU ELU SELU GELU SiLU PReLU Tanh Sigmoid Softmax LogSoftmax Softplus "
    "Hardtanh Dropout Dropout1d Dropout2d Dropout3d MaxPool1d MaxPool2d MaxPool3d AvgPool1d "
    "AvgPool2d AvgPool3d AdaptiveAvgPool1d AdaptiveAvgPool2d Flatten BatchNorm1d BatchNorm2d "
    "BatchNorm3d LayerNorm"
)
_LOSSES = (
    "CrossEntropyLoss NLLLoss MSELoss L1Loss SmoothL1Loss HuberLoss BCELoss BCEWithLogitsLoss "
    "KLDivLoss PoissonNLLLoss SoftMarginLoss"
)
_MODULES = {
    "relu": "nn.ReLU()",
    "tanh": "nn.Tanh()",
    "sigmoid": "nn.Sigmoid()",
    "softmax": "nn.Softmax(dim=-1)",
    "log_softmax": "nn.LogSoftmax(dim=-1)",
    "gelu": "nn.GELU()",
    "leaky_relu": "nn.LeakyReLU()",
    "elu": "nn.ELU()",
    "dropout": "nn.Dropout()",
    "flatten": "nn.Flatten()",
}
_NUMBERS = frozenset("size dim ndimension numel nelement item tolist stride get_device".split())


@rule.call(*(f"torch.nn.{name}" for name in _ON_TENSORS.split()))
def check_layer(file: File, call: ast.Call) -> Iterator[Finding]:
    if call.args and is_tensor(file, call.args[0]) and not expects_error(file, call):
        module = ast.unparse(call.func)
        yield rule.at(call, module=module, right=f"{module}()({ast.unparse(call.args[0])})")


@rule.call(*(f"torch.nn.{name}" for name in _LOSSES.split()))
def check_loss(file: File, call: ast.Call) -> Iterator[Finding]:
    match call.args:
        case [output, target, *_] if (
            side(Value(file, output)).side is Side.OUTPUT
            and side(Value(file, target)).side is Side.TARGET
        ):
            pass
        case _:
            return
    if not expects_error(file, call):
        module = ast.unparse(call.func)
        yield rule.at(call, module=module, right=f"{module}()(...)")


@rule.call("torch.nn.Sequential")
def check_sequential(file: File, call: ast.Call) -> Iterator[Finding]:
    found = list(in_sequential(file, call))
    if found and not expects_error(file, call):
        yield from found


@rule.method("add")
def check_add(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    if len(call.args) != 1 or "Sequential" not in file.calls_by_name:
        return
    made = origins(file, call.func.value)
    known = all(o.cls is None and o.callee == "torch.nn.Sequential" for o in made)
    if known and not expects_error(file, call):
        yield rule.at(call, ADD, name=ast.unparse(call.func.value))


def in_sequential(file: File, call: ast.Call) -> Iterator[Finding]:
    match call.args:
        case [only] if is_list(file, only):
            yield rule.at(call, A_LIST, value=ast.unparse(only))
    for item in call.args:
        name = file.qualified(item) or ""
        if name.startswith("torch.") and name.rpartition(".")[2] in _MODULES:
            right = _MODULES[name.rpartition(".")[2]]
            yield rule.at(item, NO_MODULE, value=ast.unparse(item), right=right)


def is_list(file: File, node: ast.expr) -> bool:
    """Whether an argument surely is a list; an OrderedDict is none."""
    found = origins(file, node)
    lists = ast.List | ast.ListComp
    return all(isinstance(o.node, lists) and not o.path for o in found) and bool(found)


def is_tensor(file: File, node: ast.expr) -> bool:
    """Whether a value surely is a tensor: made as one, or what a `forward` is given."""
    if isinstance(node, ast.Constant):
        return False
    if kind(file, node) is Kind.TORCH_TENSOR:
        return True
    made = [origin.node for origin in origins(file, node)]
    seen = all(isinstance(n, ast.arg | ast.Call) and not is_size(n) for n in made)
    return seen and whose(file, node) == "torch"


def is_size(node: ast.AST) -> bool:
    """Whether a method of a tensor is called that returns numbers."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in _NUMBERS
    return False
