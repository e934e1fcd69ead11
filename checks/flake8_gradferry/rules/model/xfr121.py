"""An activation in the place of a torch layer's `bias`.

## Why

SILENT. The third argument of `nn.Linear` is `bias`, and any string, function or module is as true
as `True`. `nn.Linear(8, 4, "relu")`, typed as Keras' `Dense(4, "relu")`, is a linear layer with a
bias and no activation. Measured on torch 2.13: 67 % of its outputs are negative, none with a ReLU.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
layer = nn.Linear(8, 4, "relu")  # XFR121
negative = (layer(torch.randn(256, 8)) < 0).float().mean()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
layer = nn.Sequential(nn.Linear(8, 4), nn.ReLU())
negative = (layer(torch.randn(256, 8)) < 0).float().mean()
```

## When it stays quiet

- Anything that may be true or false: `bias=use_bias`, `bias=norm is None`, `bias=cfg.bias`.
- The project's own `Linear`.

## Fix

Put the activation behind the layer: `nn.Sequential(nn.Linear(8, 4), nn.ReLU())`.

## Seen at run time

`parity`: `forward-eval`, with the layer as the first that differs.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import arguments, last_name, settled
from ...source.infer import framework_bases
from ...source.walk import File

rule = Rule(
    __name__,
    name="activation-as-bias",
    message="{value} is the bias of {layer}, no activation (SILENT); put {right} after it",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_ACTIVATION = re.compile(r"^(act|activation|nonlin|non_?linearity)(_?(fn|func|function|layer))?$")
_MODULES = {
    "relu": "nn.ReLU()",
    "tanh": "nn.Tanh()",
    "sigmoid": "nn.Sigmoid()",
    "softmax": "nn.Softmax(dim=-1)",
    "gelu": "nn.GELU()",
    "elu": "nn.ELU()",
    "selu": "nn.SELU()",
    "silu": "nn.SiLU()",
    "swish": "nn.SiLU()",
    "leaky_relu": "nn.LeakyReLU()",
    "softplus": "nn.Softplus()",
}


@rule.call(
    "torch.nn.Linear",
    "torch.nn.LazyLinear",
    "torch.nn.Bilinear",
    "torch.nn.Conv1d",
    "torch.nn.Conv2d",
    "torch.nn.Conv3d",
    "torch.nn.ConvTranspose2d",
)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    bias = made.given.get("bias") if made is not None else None
    if made is None or bias is None or (isinstance(bias, ast.Constant) and not bias.value):
        return
    right = activation(file, bias)
    if right:
        yield rule.at(call, value=ast.unparse(bias), layer=made.cls, right=right)


def activation(file: File, node: ast.expr) -> str:
    """The module for what is an activation and surely true, "" for anything else."""
    value = settled(file, node)
    if isinstance(value, str):
        return _MODULES.get(value, "an activation module")
    if value is not ...:
        return ""
    called = node.func if isinstance(node, ast.Call) else node
    name = file.qualified(called) or ""
    if name.startswith("torch.nn.") and "torch.nn.Module" in framework_bases(file, name):
        return ast.unparse(node) if isinstance(node, ast.Call) else f"{ast.unparse(node)}()"
    word = name.rpartition(".")[2]
    if name.startswith(("torch.", "torch.nn.functional.")) and word in _MODULES:
        return _MODULES[word]
    return ast.unparse(node) if _ACTIVATION.search(last_name(node)) else ""
