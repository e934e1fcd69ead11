"""Batch normalisation with the other framework's momentum.

## Why

SILENT. The two frameworks count from opposite ends: Keras' momentum (0.99) is what is kept of the
running statistics, torch's (0.1) is what is taken from the new batch. Keras' `momentum=m` is
torch's `momentum=1 - m`. Copied as it is, the running mean and variance that evaluation uses are
little more than those of the last batch. Measured over 300 batches of 8 whose values have mean 10
and standard deviation 3, as the spread of the running mean over the last 100 batches: 1.13 with
`momentum=0.99` in torch (0.24 with 0.01), 0.89 with `momentum=0.1` in Keras (0.19 with 0.9).

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
norm = nn.BatchNorm1d(1, momentum=0.99)  # XFR420
means = []
for _ in range(300):
    norm(10 + 3 * torch.randn(8, 1))
    means.append(norm.running_mean.item())
spread = torch.tensor(means[200:]).std().item()
```

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
norm = keras.layers.BatchNormalization(momentum=0.1)  # XFR420
means = []
for _ in range(300):
    norm(10 + 3 * rng.standard_normal((8, 1)), training=True)
    means.append(float(norm.moving_mean[0]))
spread = float(np.std(means[200:]))
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
norm = nn.BatchNorm1d(1, momentum=0.01)
means = []
for _ in range(300):
    norm(10 + 3 * torch.randn(8, 1))
    means.append(norm.running_mean.item())
spread = torch.tensor(means[200:]).std().item()
```

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
norm = keras.layers.BatchNormalization(momentum=0.9)
means = []
for _ in range(300):
    norm(10 + 3 * rng.standard_normal((8, 1)), training=True)
    means.append(float(norm.moving_mean[0]))
spread = float(np.std(means[200:]))
```

## When it stays quiet

- 0.5 means the same in both; 0 and 1 are meant (MAML takes each batch's own statistics), and so is
  torch's `momentum=None`, the plain average.
- Layers without running statistics, and values that are not settled in the source.
- Unit tests (`test_*.py`): a fast momentum lets one step be seen.

## Fix

Write `1 - m`: Keras' 0.99 is torch's 0.01, torch's 0.1 is Keras' 0.9.

## Seen at run time

`parity`: `settings` names the momentum, `eval-after` shows the running statistics.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
- https://keras.io/api/layers/normalization_layers/batch_normalization/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.evaluation import is_test
from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import PARTIAL, Arguments, arguments, number, settled
from ...source.walk import File

rule = Rule(
    __name__,
    name="batch-norm-momentum",
    message="momentum={value} is {other} way to count (SILENT); {layer} wants {right}",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)

TORCH = frozenset(
    f"torch.nn.{name}"
    for name in (
        "BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm LazyBatchNorm1d LazyBatchNorm2d "
        "LazyBatchNorm3d InstanceNorm1d InstanceNorm2d InstanceNorm3d LazyInstanceNorm1d "
        "LazyInstanceNorm2d LazyInstanceNorm3d"
    ).split()
)
KERAS = frozenset(("keras.layers.BatchNormalization",))


@rule.call(*TORCH, *KERAS, PARTIAL)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call) if not is_test(file) else None
    if made is None or made.name not in TORCH | KERAS:
        return
    momentum = number(file, made.given.get("momentum"))
    if momentum is None:
        return
    if made.name in TORCH and 0.5 < momentum < 1 and keeps_statistics(file, made):
        other = "Keras'"
    elif made.name in KERAS and 0 < momentum < 0.5:
        other = "torch's"
    else:
        return
    yield rule.at(
        call, value=f"{momentum:g}", other=other, layer=made.cls, right=f"{1 - momentum:g}"
    )


def keeps_statistics(file: File, made: Arguments) -> bool:
    """Whether a torch norm layer surely has running statistics, which momentum is for."""
    told = made.given.get("track_running_stats")
    if told is None:
        return "BatchNorm" in made.name  # InstanceNorm keeps none by default
    return settled(file, told) is True
