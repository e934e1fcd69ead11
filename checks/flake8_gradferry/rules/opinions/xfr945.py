"""torch's KL divergence averaged over the classes as well.

## Why

SILENT. The default `reduction="mean"` of `F.kl_div` and `nn.KLDivLoss` divides by the number of all
elements, classes included; the KL divergence, and Keras' `KLDivergence`, divide by the batch
alone. Torch warns about it once. Measured with 10 classes: a tenth of the divergence, so a weight
that was tuned for it is ten times too small.

## Bad

```python
import torch
import torch.nn.functional as F

torch.manual_seed(0)
log_p = F.log_softmax(torch.randn(16, 10), dim=1)
q = F.softmax(torch.randn(16, 10), dim=1)
loss = F.kl_div(log_p, q)  # XFR945
```

## Good

```python
import torch
import torch.nn.functional as F

torch.manual_seed(0)
log_p = F.log_softmax(torch.randn(16, 10), dim=1)
q = F.softmax(torch.randn(16, 10), dim=1)
loss = F.kl_div(log_p, q, reduction="batchmean")
```

## When it stays quiet

- `reduction` is given as anything else than `"mean"`, or may be given in `**options`.

## Fix

Pass `reduction="batchmean"`, and tune the weight of the term again.

## Seen at run time

`parity`: `loss`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.losses import loss_calls
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="kl-div-mean-reduction",
    message='{loss} divides by the classes too (SILENT); pass reduction="batchmean"',
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="keras->torch",
)


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for found in loss_calls(file):
        options, call = found.loss.options, found.site.node
        if found.loss.word != "kl_div" or options.keys() & {None, "size_average"}:
            continue
        assert isinstance(call, ast.Call)
        if options.get("reduction", "mean") == "mean" and len(call.args) <= 2:
            yield rule.at(found.call, loss=found.loss.shown)
