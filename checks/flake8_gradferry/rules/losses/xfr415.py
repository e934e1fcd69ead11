"""`ReduceLROnPlateau.step()` without the metric it watches.

## Why

LOUD. Keras' callback of this name finds `val_loss` by itself; torch's scheduler is told:
`TypeError: ReduceLROnPlateau.step() missing 1 required positional argument: 'metrics'`. All other
schedulers step without arguments, so the line looks right and raises at the end of an epoch.

## Bad

```python
import torch

weight = torch.nn.Parameter(torch.zeros(1))
optimizer = torch.optim.SGD([weight], lr=0.1)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
scheduler.step()  # XFR415
```

## Good

```python
import torch

weight = torch.nn.Parameter(torch.zeros(1))
optimizer = torch.optim.SGD([weight], lr=0.1)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
scheduler.step(1.0)
```

## When it stays quiet

- Schedulers that may be another one: a choice by name, a parameter, a wrapper.
- Calls that a test expects to fail.

## Fix

Pass the validation loss: `scheduler.step(val_loss)`.

## Seen at run time

torch raises.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import last_name
from ...source.guards import expects_error
from ...source.infer import origins
from ...source.walk import File

rule = Rule(
    __name__,
    name="plateau-without-metric",
    message="ReduceLROnPlateau wants the metric; write {scheduler}.step(val_loss)",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_PLATEAU = "torch.optim.lr_scheduler.ReduceLROnPlateau"
_MAYBE = re.compile(r"sch|plateau|lr|reduce|decay", re.IGNORECASE)


@rule.method("step")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    scheduler = call.func.value
    if call.args or call.keywords:
        return
    if not (_MAYBE.search(last_name(scheduler)) or "ReduceLROnPlateau" in file.calls_by_name):
        return
    known = all(o.cls is None and o.callee == _PLATEAU for o in origins(file, scheduler))
    if known and not expects_error(file, call):
        yield rule.at(call, scheduler=ast.unparse(scheduler))
