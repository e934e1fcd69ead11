"""A smallest learning rate given where Keras' cosine decay wants a share, or the reverse.

## Why

SILENT. `alpha` of `keras.optimizers.schedules.CosineDecay` is a share of the initial rate,
`eta_min` of torch's `CosineAnnealingLR` a rate. Measured with an initial rate of 0.1: a port with
`alpha=0.001` ends at 0.0001, torch with `eta_min=0.001` at 0.001. A share given as `eta_min` may
be more than the rate itself, which then rises.

## Bad

```python
import keras

min_lr = 1e-3
schedule = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=100, alpha=min_lr)  # XFR419
last = float(schedule(100))
```

```python
import torch

weight = torch.nn.Parameter(torch.ones(1))
optimizer = torch.optim.SGD([weight], lr=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10, eta_min=0.01)  # XFR419
for _ in range(10):
    optimizer.step()
    scheduler.step()
last = optimizer.param_groups[0]["lr"]
```

## Good

```python
import keras

min_lr = 1e-3
schedule = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=100, alpha=min_lr / 0.1)
last = float(schedule(100))
```

```python
import torch

weight = torch.nn.Parameter(torch.ones(1))
optimizer = torch.optim.SGD([weight], lr=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10, eta_min=0.01 * 1e-3)
for _ in range(10):
    optimizer.step()
    scheduler.step()
last = optimizer.param_groups[0]["lr"]
```

## When it stays quiet

- `alpha=0`, shares above 0.0001 whose name says nothing, quotients.
- `eta_min` below the optimizer's rate, or where either is not settled in the source.

## Fix

`alpha = eta_min / initial_learning_rate`.

## Seen at run time

`parity`: `curve`, late in the schedule.

## References

- https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay/
- https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import arguments, last_name, made_in, number
from ...source.infer import origins
from ...source.walk import File

rule = Rule(
    __name__,
    name="absolute-alpha",
    message="alpha is a share of the rate in Keras (SILENT); write {value} / {initial}",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)
RISES = "eta_min={value} is a rate, not a share: {lr} rises to it (SILENT); write {value} * {lr}"

_TORCH = tuple(
    f"torch.optim.lr_scheduler.{name}"
    for name in ("CosineAnnealingLR", "CosineAnnealingWarmRestarts")
)
_RATE = re.compile(
    r"(^|_)(min|minimum|final|end|last|target)_?(lr|learning_?rate|rate|eta)$"
    r"|(^|_)(lr|learning_?rate|eta)_?(min|minimum|final|end|last)$",
    re.IGNORECASE,
)
_SMALLEST_SHARE = 1e-4  # below it the rate is as good as 0, and people write 0


@rule.call(
    "keras.optimizers.schedules.CosineDecay",
    "keras.optimizers.schedules.CosineDecayRestarts",
)
def check_keras(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    if made is None or (alpha := made.given.get("alpha")) is None:
        return
    value = number(file, alpha)
    initial = made.given.get("initial_learning_rate")
    if value == 0 or not (_RATE.search(last_name(alpha)) or is_rate(file, value, initial)):
        return
    shown = ast.unparse(initial) if initial is not None else "initial_learning_rate"
    yield rule.at(call, value=ast.unparse(alpha), initial=shown)


def is_rate(file: File, value: float | None, initial: ast.expr | None) -> bool:
    """Whether a number is a rate: too small for a share, or a torch schedule's in this file."""
    if value is None or value < 0:
        return False
    start = number(file, initial)
    if value <= _SMALLEST_SHARE and start is not None and value < start:
        return True
    return any(
        number(file, other.given.get("eta_min")) == value
        for name in _TORCH
        for _, other in made_in(file, name)
    )


@rule.call(*_TORCH)
def check_torch(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    if made is None or (smallest := number(file, made.given.get("eta_min"))) is None:
        return
    rate = rate_of(file, made.given.get("optimizer"))
    if rate is not None and smallest > rate > 0:
        shown = ast.unparse(made.given["eta_min"])
        yield rule.at(call, RISES, value=shown, lr=f"{rate:g}")


def rate_of(file: File, optimizer: ast.expr | None) -> float | None:
    """The learning rate that an optimizer was surely made with."""
    if optimizer is None:
        return None
    rates = set()
    for origin in origins(file, optimizer):
        made = arguments(origin.file, origin.call) if origin.call is not None else None
        rate = made.given.get("lr") if made is not None else None
        rates.add(number(origin.file, rate) if rate is not None else None)
    return rates.pop() if len(rates) == 1 else None
