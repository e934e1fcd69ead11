"""NumPy's float64 handed to a torch module, or labels of another type than int64 to its loss.

## Why

LOUD. NumPy makes float64 where nothing else is said, and Keras casts whatever it is given to
float32. A torch module's weights are float32 and `torch.from_numpy` keeps the array's type: the
first product raises "mat1 and mat2 must have the same dtype". `cross_entropy` takes classes as
int64 alone; `labels.int()` raises "expected scalar type Long". Measured on torch 2.13.

## Bad

```python
import numpy as np
import torch
from torch import nn

x = np.random.rand(8, 4)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
y = model(torch.from_numpy(x))  # XFR609
```

```python
import torch
import torch.nn.functional as F

logits, labels = torch.randn(8, 3), torch.randint(3, (8,))
loss = F.cross_entropy(logits, labels.int())  # XFR609
```

## Good

```python
import numpy as np
import torch
from torch import nn

x = np.random.rand(8, 4)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
y = model(torch.from_numpy(x).float())
```

```python
import torch
import torch.nn.functional as F

logits, labels = torch.randn(8, 3), torch.randint(3, (8,))
loss = F.cross_entropy(logits, labels.long())
```

## When it stays quiet

- The array's type is given or cannot be seen, or the tensor is cast on its way.
- Modules in float64: `model.double()`, `torch.set_default_dtype`, autocast.

## Fix

`torch.from_numpy(x).float()`, or `x.astype("float32")` once where the data is made; for the labels
`labels.long()`.

## Seen at run time

torch raises at the first forward pass, or in the loss.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
- https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import applied
from ...model.models import has_parameters
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.infer import origins
from ...source.walk import File, remembered

rule = Rule(
    __name__,
    name="dtype-of-torch-input",
    message="{given} is float64 and the module float32 (RuntimeError); add .float()",
    harm=Harm.LOUD,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)

_INT_LABELS = "cross_entropy takes classes as int64 (RuntimeError); write .long() for .int()"
_FROM_NUMPY = ("torch.from_numpy", "torch.tensor", "torch.as_tensor")
# What of NumPy's gives float64 where no dtype is passed.
_FLOAT64 = frozenset(
    (
        "numpy.random.rand numpy.random.randn numpy.random.random numpy.random.random_sample "
        "numpy.random.normal numpy.random.uniform numpy.random.standard_normal numpy.zeros "
        "numpy.ones numpy.linspace numpy.empty numpy.eye"
    ).split()
)
_TYPED = ("numpy.zeros", "numpy.ones", "numpy.empty")
_DOUBLE = frozenset(("double", "float64", "set_default_dtype", "set_default_tensor_type"))


@rule.call(*_FROM_NUMPY)
def check_input(file: File, made: ast.Call) -> Iterator[Finding]:
    if not made.args or len(made.args) > 1 or made.keywords or in_float64(file):
        return
    if not is_float64(file, made.args[0]):
        return
    for run in runs_on(file, made):
        layer = applied(file, run)
        if layer is not None and has_parameters(layer) and not expects_error(file, run):
            yield rule.at(run, given=ast.unparse(run.args[0]))


def runs_on(file: File, made: ast.Call) -> Iterator[ast.Call]:
    """The calls in the same function that are given the new tensor as it is, as their first."""
    inside = file.inside(file.function(made) or file.tree, nested=False)
    for run in inside[ast.Call]:
        if run.args and file.qualified(run.func) is None:
            given = run.args[0]
            named = isinstance(given, ast.Name) and isinstance(file.parent(made), ast.Assign)
            if given is made or (named and [o.node for o in origins(file, given)] == [made]):
                yield run


def is_float64(file: File, array: ast.expr) -> bool:
    """Whether an array is surely NumPy's of float64."""
    for origin in origins(file, array):
        call, name = origin.node, ""
        if isinstance(call, ast.Call) and not origin.path:
            name = origin.file.qualified(call.func) or ""
        if name not in _FLOAT64 or not isinstance(call, ast.Call):
            return False
        typed = name in _TYPED and len(call.args) > 1  # np.zeros(shape, np.float32)
        if typed or any(keyword.arg in ("dtype", None) for keyword in call.keywords):
            return False
    return True


@remembered
def in_float64(file: File) -> bool:
    """Whether anything in the file asks for float64 modules, or for mixed types."""
    names = {node.attr for node in file.index[ast.Attribute]}
    return not names.isdisjoint(_DOUBLE) or "autocast" in file.calls_by_name


@rule.call("torch.nn.functional.cross_entropy", "torch.nn.functional.nll_loss")
def check_labels(file: File, call: ast.Call) -> Iterator[Finding]:
    if len(call.args) > 1 and is_int(call.args[1]) and not expects_error(file, call):
        yield rule.at(call, _INT_LABELS)


@rule.method("int")
def check_label_argument(file: File, cast: ast.Call) -> Iterator[Finding]:
    call = file.parent(cast)
    if (
        isinstance(call, ast.Call)
        and call.args[1:2] == [cast]
        and file.qualified(call.func) is None
    ):
        made = [origin.callee for origin in origins(file, call.func)]
        if made and set(made) <= {"torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss"}:
            yield rule.at(call, _INT_LABELS)


def is_int(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="int"), args=[], keywords=[]):
            return True
    return False
