"""The number of pieces given to `torch.split`, or the size of a piece to `tf.split`.

## Why

LOUD, mostly: `torch.split(x, n)` cuts pieces of size n, `tf.split(x, n)`, `np.split(x, n)` and
`torch.chunk(x, n)` cut n pieces. Unpacking into another number of names raises a ValueError. Where
torch's number of pieces happens to be right (nine columns, n = 3) nothing is said at all. Measured
on twelve elements and n = 3: torch gives four pieces, TensorFlow three.

## Bad

```python
import torch

qkv = torch.arange(12.0).reshape(1, 12)
q, k, v = torch.split(qkv, 3, dim=-1)  # XFR608
```

```python
import tensorflow as tf

qkv = tf.reshape(tf.range(12.0), (1, 12))
q, k, v = tf.split(qkv, 4, axis=-1)  # XFR608
```

## Good

```python
import torch

qkv = torch.arange(12.0).reshape(1, 12)
q, k, v = torch.chunk(qkv, 3, dim=-1)
```

```python
import tensorflow as tf

qkv = tf.reshape(tf.range(12.0), (1, 12))
q, k, v = tf.split(qkv, 3, axis=-1)
```

## When it stays quiet

- The pieces are not unpacked into names, or the number is not written out: `x.split(self.dim)`.
- `torch.split` into two names with a size of two, or into three with a size of three that are not
  called query, key and value: pairs of coordinates and rows of rotations are cut like that.
- Lists of sizes.

## Fix

In torch `torch.chunk(x, n)`, or the size: `torch.split(x, x.shape[-1] // n)`.

## Seen at run time

`parity`: `forward-eval`; most of the time the program raises.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.split.html
- https://www.tensorflow.org/api_docs/python/tf/split
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...layout.axes import integer
from ...model.modes import argument
from ...objects.tensors import whose
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.walk import File

rule = Rule(
    __name__,
    name="split-argument",
    message="{call} cuts pieces of size {number}, not {number} pieces; use torch.chunk",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="either",
)

_OF_SIZES = "{call} cuts {number} pieces into {names} names (ValueError); give the number of pieces"
_QKV = re.compile(r"(q|query|queries|k|keys?|v|values?)(_\w+)?|\w+_(q|k|v)|[qkv]\w")


@rule.call("torch.split")
def check_function(file: File, call: ast.Call) -> Iterator[Finding]:
    yield from of_torch(file, call, argument(call, "split_size_or_sections", 1))


@rule.method("split")
def check_method(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    size = argument(call, "split_size", 0)
    known = size is not None and integer(size) is not None and file.qualified(call.func) is None
    if known and whose(file, call.func.value) == "torch":
        yield from of_torch(file, call, size)


@rule.call("tensorflow.split", "numpy.split", "keras.ops.split")
def check_number(file: File, call: ast.Call) -> Iterator[Finding]:
    keyword = "indices_or_sections"
    if (file.qualified(call.func) or "").startswith("tensorflow."):
        keyword = "num_or_size_splits"
    given, names = argument(call, keyword, 1), unpacked(file, call)
    number = integer(given) if given is not None else None
    if number is not None and names and number != len(names) and not expects_error(file, call):
        name = file.dotted(call.func) or "split"
        yield rule.at(call, _OF_SIZES, call=name, number=str(number), names=str(len(names)))


def of_torch(file: File, call: ast.Call, given: ast.expr | None) -> Iterator[Finding]:
    size = integer(given) if given is not None else None
    names = unpacked(file, call)
    if size is None or size != len(names) or size < 3 or expects_error(file, call):
        return
    if size > 3 or all(_QKV.fullmatch(name) for name in names):
        yield rule.at(call, call=file.dotted(call.func) or "split", number=str(size))


def unpacked(file: File, call: ast.Call) -> list[str]:
    """The names into which the pieces are unpacked."""
    match file.parent(call):
        case ast.Assign(targets=[ast.Tuple(elts=items) | ast.List(elts=items)]):
            names = [item.id for item in items if isinstance(item, ast.Name)]
            return names if len(names) == len(items) else []
    return []
