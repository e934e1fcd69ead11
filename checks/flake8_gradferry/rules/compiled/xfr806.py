"""A `DistributedSampler` whose epoch is never set.

## Why

SILENT. `model.fit(..., shuffle=True)` shuffles anew in each epoch, under a strategy too. A
`DistributedSampler` shuffles with its seed and its epoch, and the epoch is 0 until somebody says
otherwise: every epoch sees the same order. Measured on the program below: one order in three
epochs, with `set_epoch` three. (`shuffle=True` beside a sampler raises: `ValueError: sampler
option is mutually exclusive with shuffle`.)

## Bad

```python
import torch
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

data = TensorDataset(torch.arange(64))
sampler = DistributedSampler(data, num_replicas=2, rank=0)  # XFR806
loader = DataLoader(data, batch_size=32, sampler=sampler)

orders = []
for epoch in range(3):
    for (batch,) in loader:
        orders.append(tuple(batch.tolist()))
```

## Good

```python
import torch
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

data = TensorDataset(torch.arange(64))
sampler = DistributedSampler(data, num_replicas=2, rank=0)
loader = DataLoader(data, batch_size=32, sampler=sampler)

orders = []
for epoch in range(3):
    sampler.set_epoch(epoch)
    for (batch,) in loader:
        orders.append(tuple(batch.tolist()))
```

## When it stays quiet

- `set_epoch` stands anywhere in the file, or the sampler or loader goes where it cannot be seen.
- `shuffle=False`, or the name says that it is for evaluation.
- No loop of epochs around the batches is in sight.
- Lightning, Accelerate, Ignite and the Hugging Face Trainer call `set_epoch` themselves.

## Fix

Call `sampler.set_epoch(epoch)` at the top of the epoch loop.

## Seen at run time

`training_smoke`: `data-parallel` compares the steps, not the orders: look at the batches.

## References

- https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import function_of
from ...source.walk import FUNCTIONS, LOOPS, File

rule = Rule(
    __name__,
    name="sampler-epoch",
    message="{sampler}.set_epoch() is never called (SILENT: same order each epoch); call it",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)

_TWO_ORDERS = "shuffle=True beside a sampler (LOUD: ValueError); leave shuffle out"
_EVALUATES = re.compile(r"val|test|eval|dev|infer|predict", re.IGNORECASE)
_TRAINS = re.compile(r"train|fit|epoch", re.IGNORECASE)
_CALL_IT_THEMSELVES = frozenset("lightning accelerate ignite transformers fabric composer".split())


@rule.call("torch.utils.data.DistributedSampler", "torch.utils.data.distributed.DistributedSampler")
def never_set(file: File, call: ast.Call) -> Iterator[Finding]:
    sampler = assigned_to(file, call)
    if sampler is None or _EVALUATES.search(sampler) or "set_epoch" in file.calls_by_name:
        return
    if any(keyword.arg in ("shuffle", None) and not is_true(keyword) for keyword in call.keywords):
        return
    if not _CALL_IT_THEMSELVES.isdisjoint(t.partition(".")[0] for t in file.imports.values()):
        return
    for loader in loaders(file, sampler):
        if not _EVALUATES.search(loader) and runs_in_epochs(file, loader):
            yield rule.at(call, sampler=sampler)
            return


@rule.call("torch.utils.data.DataLoader")
def two_orders(file: File, call: ast.Call) -> Iterator[Finding]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    match given.get("shuffle"):
        case ast.Constant(value=True) if isinstance(given.get("sampler"), ast.Call):
            yield rule.at(call, _TWO_ORDERS)


def is_true(keyword: ast.keyword) -> bool:
    return isinstance(keyword.value, ast.Constant) and keyword.value.value is True


def assigned_to(file: File, call: ast.Call) -> str | None:
    """The name that a call's result gets, `x if distributed else None` seen through."""
    above = file.parent(call)
    while isinstance(above, ast.IfExp):
        above = file.parent(above)
    match above:
        case ast.Assign(targets=[target]):
            return file.dotted(target)
    return None


def loaders(file: File, sampler: str) -> Iterator[str]:
    """The names of the data loaders that draw through the sampler."""
    for call in file.calls_by_name.get("DataLoader", []):
        given = (keyword.value for keyword in call.keywords if keyword.arg == "sampler")
        name = assigned_to(file, call)
        if name is not None and any(file.dotted(value) == sampler for value in given):
            yield name


def runs_in_epochs(file: File, loader: str) -> bool:
    """Whether a loop over the loader stands in another loop of the same function."""
    for loop in file.index[ast.For]:
        over = loop.iter
        while isinstance(over, ast.Call) and over.args:
            over = over.args[0]  # `enumerate(tqdm(loader))`
        if file.dotted(over) == loader and isinstance(file.enclosing(loop, *LOOPS), LOOPS):
            return True
    return any(trains_with(file, call, loader) for call in file.index[ast.Call])


def trains_with(file: File, call: ast.Call, loader: str) -> bool:
    """Whether a call in a loop hands the loader to a function in sight that trains, and that does
    not set the epoch itself."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if not _TRAINS.search(name) or not any(file.dotted(given) == loader for given in call.args):
        return False
    if not isinstance(file.enclosing(call, *LOOPS, *FUNCTIONS), LOOPS):
        return False
    found = function_of(file, call.func)
    return found is not None and "set_epoch" not in found.file.calls_by_name
