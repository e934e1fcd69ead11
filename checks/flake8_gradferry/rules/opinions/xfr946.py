"""Evaluation that leaves out the last, smaller batch.

## Why

SILENT. `drop_last=True` (torch) and `drop_remainder=True` (tf.data) throw away what does not fill a
batch. In training the next epoch brings it back in another order; in evaluation those samples are
never measured. With 10 samples in batches of 4, two are missing.

## Bad

```python
import torch
from torch.utils.data import DataLoader, TensorDataset

test_set = TensorDataset(torch.arange(10).float())
test_loader = DataLoader(test_set, batch_size=4, drop_last=True)  # XFR946
seen = sum(len(x) for (x,) in test_loader)
```

```python
import tensorflow as tf

test_ds = tf.data.Dataset.range(10).batch(4, drop_remainder=True)  # XFR946
seen = sum(int(tf.size(x)) for x in test_ds)
```

## Good

```python
import torch
from torch.utils.data import DataLoader, TensorDataset

test_set = TensorDataset(torch.arange(10).float())
test_loader = DataLoader(test_set, batch_size=4)
seen = sum(len(x) for (x,) in test_loader)
```

```python
import tensorflow as tf

test_ds = tf.data.Dataset.range(10).batch(4)
seen = sum(int(tf.size(x)) for x in test_ds)
```

## When it stays quiet

- Loaders and datasets that are not named for a test, validation or development set.
- Fixed shapes that a TPU or an exported graph needs are a reason to keep it: hence off by default.

## Fix

Leave the option out for evaluation.

## Seen at run time

Nothing shows it at run time.

## References

- https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
- https://www.tensorflow.org/api_docs/python/tf/data/Dataset#batch
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value
from ...source.values import constant
from ...source.walk import File

rule = Rule(
    __name__,
    name="evaluation-drops-last-batch",
    message="{name} leaves out the last batch (SILENT: part is not measured); drop {option}",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="either",
)

_EVALUATION = re.compile(
    r"(?:^|_)(?:te?st|val|valid|validation|eval|dev)(?:$|_|loader|set|ds)", re.I
)
_TRAINING = re.compile(r"train", re.I)


@rule.call("torch.utils.data.DataLoader")
def check_loader(file: File, call: ast.Call) -> Iterator[Finding]:
    yield from check(file, call, "drop_last")


@rule.method("batch", "padded_batch")
def check_batch(file: File, call: ast.Call) -> Iterator[Finding]:
    yield from check(file, call, "drop_remainder")


def check(file: File, call: ast.Call, option: str) -> Iterator[Finding]:
    told = [item.value for item in call.keywords if item.arg == option]
    if not told or constant(Value(file, told[0])) is not True:
        return
    sizes = [item.value for item in call.keywords if item.arg == "batch_size"]
    if any(constant(Value(file, size)) == 1 for size in sizes):
        return  # nothing is left over
    match file.statement(call):
        case ast.Assign(targets=[target]):
            name = file.dotted(target) or ""
            if _EVALUATION.search(name.rpartition(".")[2]) and not _TRAINING.search(name):
                yield rule.at(call, name=name, option=option)
