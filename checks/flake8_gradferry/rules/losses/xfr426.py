"""A norm layer's momentum given where torch expects eps.

## Why

SILENT. The second argument of torch's norm layers is `eps`, not the momentum: what is added to the
variance before the square root is taken. `nn.BatchNorm2d(64, 0.8)`, with the momentum of a Keras
model, keeps torch's momentum of 0.1 and normalises to less than unit variance. Measured on
torch 2.13 with inputs of standard deviation 0.5: the outputs' is 0.49 with 0.8 in `eps`, 1.00 when
right. The same happens to `True` (meant: `affine`) and to a keyword that is handed the other
setting, `momentum=self.bn_eps`.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x = 0.5 * torch.randn(64, 8)
norm = nn.BatchNorm1d(8, 0.8)  # XFR426
y = norm(x)
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x = 0.5 * torch.randn(64, 8)
norm = nn.BatchNorm1d(8, momentum=0.2)  # Keras' 0.8
y = norm(x)
```

## When it stays quiet

- Values that an eps can have: below 0.01.
- Variables, unless their name says what they hold: `nn.BatchNorm2d(n, bn_momentum)` is found,
  `nn.BatchNorm2d(n, value)` is not.
- Keyword arguments, unless the name of the value belongs to the other setting.

## Fix

Name the argument, and convert a momentum that comes from Keras: `momentum=1 - m`.

## Seen at run time

`parity`: `settings` names the layer's eps and momentum, `forward-train` shows the outputs.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
- https://keras.io/api/layers/normalization_layers/batch_normalization/
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import PARTIAL, Arguments, arguments, last_name, settled
from ...source.walk import File

rule = Rule(
    __name__,
    name="positional-norm-argument",
    message="{value} lands in eps of {layer} (SILENT); write {right}",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)
MIXED = "{value} is given as {parameter} of {layer} (SILENT); the names do not fit"

NORMS = frozenset(
    f"torch.nn.{name}"
    for name in (
        "BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm LazyBatchNorm1d LazyBatchNorm2d "
        "LazyBatchNorm3d InstanceNorm1d InstanceNorm2d InstanceNorm3d LazyInstanceNorm1d "
        "LazyInstanceNorm2d LazyInstanceNorm3d GroupNorm LayerNorm RMSNorm"
    ).split()
)
LARGEST_EPS = 0.01  # TensorFlow's models go up to 1e-3
_MOMENTUM = re.compile(r"mom(entum)?$|(^|_)(mom|mmt|momentum)(_|$)", re.IGNORECASE)
_EPS = re.compile(r"(^|_)eps(ilon)?$", re.IGNORECASE)
_AFFINE = re.compile(r"affine|track_running", re.IGNORECASE)


@rule.call(*NORMS, PARTIAL)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    if made is None or made.name not in NORMS:
        return
    eps, momentum = made.given.get("eps"), made.given.get("momentum")
    if eps is not None and "eps" in made.positional:
        right = right_keyword(file, made, eps)
        if right:
            yield rule.at(call, value=ast.unparse(eps), layer=made.cls, right=right)
    elif eps is not None and _MOMENTUM.search(last_name(eps)):
        yield rule.at(call, MIXED, value=ast.unparse(eps), parameter="eps", layer=made.cls)
    if momentum is not None and _EPS.search(last_name(momentum)):
        yield rule.at(
            call, MIXED, value=ast.unparse(momentum), parameter="momentum", layer=made.cls
        )


def right_keyword(file: File, made: Arguments, eps: ast.expr) -> str:
    """What was meant by a value that stands in the place of eps, "" where eps may be meant."""
    name, value = last_name(eps), settled(file, eps)
    if isinstance(value, bool) or (value is ... and _AFFINE.search(name)):
        return f"affine={ast.unparse(eps)}"
    if isinstance(value, int | float):
        if value < LARGEST_EPS:
            return ""
        return f"momentum={as_torch(value):g}"
    if value is ... and _MOMENTUM.search(name) and "momentum" not in made.given:
        return f"momentum={name}"
    return ""


def as_torch(momentum: float) -> float:
    """A momentum in torch's sense: the share of the new batch, which is the smaller part."""
    return round(1 - momentum, 6) if 0.5 < momentum < 1 else momentum
