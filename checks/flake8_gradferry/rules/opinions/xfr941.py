"""Batch norm in a frozen part of a torch model that goes on learning its statistics.

## Why

SILENT. `requires_grad = False` stops the optimizer, not the running mean and variance: those
follow the mode, and `model.train()` sets it for the frozen part as well. In Keras
`layer.trainable = False` does both: a frozen BatchNormalization runs in evaluation mode. Measured
on torch 2.13: after one training forward the running mean of the frozen batch norm below has
moved; after `backbone.eval()` it has not. Some people want the statistics to adapt, so this is
a hint.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
backbone = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8))
model = nn.Sequential(backbone, nn.ReLU(), nn.Linear(8, 2))
for p in backbone.parameters():
    p.requires_grad = False  # XFR941
model.train()
model(torch.randn(64, 4) * 5 + 3)
mean = backbone[1].running_mean
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
backbone = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8))
model = nn.Sequential(backbone, nn.ReLU(), nn.Linear(8, 2))
for p in backbone.parameters():
    p.requires_grad = False
model.train()
backbone.eval()
model(torch.randn(64, 4) * 5 + 3)
mean = backbone[1].running_mean
```

## When it stays quiet

- The file calls `eval()` on what it freezes or on a part of it, or overrides `train`.
- The file never calls `train()`, or holds no training step.
- No batch norm is seen in the frozen part.

## Fix

Call `backbone.eval()` after each `model.train()`.

## Seen at run time

`training_smoke`: `updates` (buffers of frozen parts do not move).

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
- https://keras.io/api/layers/normalization_layers/batch_normalization/
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...model.models import layers, within
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="frozen-batch-norm",
    message="batch norm in frozen {model} goes on learning (SILENT); call {model}.eval()",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="keras->torch",
)

# Those of torchvision's models that are built on batch norm.
_ZOO_WITH_NORM = re.compile(
    r"torchvision\.models\.(?:\w+\.)*(?:resnet|resnext|wide_resnet|densenet|inception|googlenet"
    r"|mobilenet|mnasnet|shufflenet|efficientnet|regnet|vgg\d+_bn|deeplab|fcn)\w*"
)
_NORMS = ("torch.nn.BatchNorm", "torch.nn.SyncBatchNorm", "torch.nn.LazyBatchNorm")


@rule.setting("requires_grad")
def check_assignment(file: File, target: ast.Attribute) -> Iterator[Finding]:
    match file.statement(target):
        case ast.Assign(value=ast.Constant(value=False)) as assign:
            loop = file.enclosing(assign, ast.For)
            name = file.dotted(target.value) or ""
            if loop is not None and (model := owner(loop, name)) is not None:
                yield from frozen(file, assign, model)


@rule.method("requires_grad_")
def check_call(file: File, call: ast.Call) -> Iterator[Finding]:
    match call:
        case ast.Call(func=ast.Attribute(value=model), args=[ast.Constant(value=False)]):
            yield from frozen(file, call, model)


def owner(loop: ast.For, name: str) -> ast.expr | None:
    """Whose parameters a loop takes, if it calls each of them `name`."""
    match loop.target, loop.iter:
        case ast.Name(id=item), ast.Call(func=ast.Attribute(attr="parameters", value=model)):
            return model if item == name else None
        case (
            ast.Tuple(elts=[_, ast.Name(id=item)]),
            ast.Call(func=ast.Attribute(attr="named_parameters", value=model)),
        ):
            return model if item == name and loop.body[0].__class__ is ast.Assign else None
    return None


def frozen(file: File, at: ast.AST, model: ast.expr) -> Iterator[Finding]:
    name = file.dotted(model)
    if name is None or "train" not in file.calls_by_name or rests(file, name):
        return
    if any(
        has_batch_norm(layer.name) for one in layers(file, model).layers for layer in within(one)
    ):
        yield rule.at(at, model=name)


def rests(file: File, name: str) -> bool:
    """Whether the file puts the model or a part of it in evaluation mode, or overrides `train`."""
    if any("train" in file.methods(cls) for cls in file.index[ast.ClassDef]):
        return True
    for call in file.calls_by_name.get("eval", ()):
        written = file.dotted(call.func) or ""
        if f"{written}.".startswith(f"{name}.") or "." not in written:
            return True
    return False


def has_batch_norm(name: str) -> bool:
    return name.startswith(_NORMS) or _ZOO_WITH_NORM.fullmatch(name) is not None
