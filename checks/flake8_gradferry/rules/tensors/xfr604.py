"""`repeat` of a torch tensor written as NumPy's.

## Why

SILENT. `tensor.repeat(2, 3)` lays the tensor out like tiles, twice along the first axis and three
times along the second; `np.repeat(x, 2, 3)` and `tf.repeat(x, 2, 3)` repeat each element twice
along axis 3. An axis of 0 that was carried over asks torch for zero tiles: the result is empty, and
the mean of nothing is nan. Measured on torch 2.13: the loss below is nan; on [1, 2] torch's
`repeat(2)` gives 1 2 1 2 and NumPy's gives 1 1 2 2.

## Bad

```python
import torch

x = torch.ones(3, 2)
y = x.repeat(2, 0)  # XFR604
loss = y.mean()
```

## Good

```python
import torch

x = torch.ones(3, 2)
y = x.repeat_interleave(2, 0)
loss = y.mean()
```

## When it stays quiet

- NumPy arrays and TensorFlow tensors, and whatever is not surely a torch tensor.
- Arguments without a 0: `x.repeat(2, 1)` can be meant either way.

## Fix

Write `x.repeat_interleave(n, axis)` for NumPy's `repeat`, `x.repeat(n, 1)` for tiles.

## Seen at run time

`training_smoke`: `finite`, `shapes`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.Tensor.repeat.html
- https://docs.pytorch.org/docs/stable/generated/torch.repeat_interleave.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import integer
from ...objects.tensors import whose
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="repeat-is-tile",
    message="torch's {name}.repeat makes 0 tiles here (SILENT: empty); use repeat_interleave",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)


@rule.method("repeat")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    sizes = [integer(item) for item in call.args]
    if 0 in sizes and len(sizes) > 1 and whose(file, call.func.value) == "torch":
        yield rule.at(call, name=file.dotted(call.func.value) or "tensor")
