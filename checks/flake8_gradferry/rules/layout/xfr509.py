"""`dim=` on a TensorFlow or Keras function, `axis=` on a torch function that does not know it.

## Why

LOUD. TensorFlow and Keras say `axis` and `keepdims`, torch `dim` and `keepdim`; most of torch's own
reductions take both, its Python functions do not. Measured on torch 2.13: `F.softmax(x, axis=1)`,
`F.normalize`, `torch.norm`, `torch.split` raise a TypeError; `torch.sum(x, axis=1)` runs. On
TensorFlow 2.21 and Keras 3.15 none of the functions looked at takes `dim` or `keepdim`.

## Bad

```python
import torch
import torch.nn.functional as F

y = F.softmax(torch.ones(2, 3), axis=1)  # XFR509
```

```python
import tensorflow as tf

y = tf.reduce_sum(tf.ones((2, 3)), dim=1)  # XFR509
```

## Good

```python
import torch
import torch.nn.functional as F

y = F.softmax(torch.ones(2, 3), dim=1)
```

```python
import tensorflow as tf

y = tf.reduce_sum(tf.ones((2, 3)), axis=1)
```

## When it stays quiet

- torch functions that take `axis` as well: `sum`, `mean`, `max`, `cat`, `stack`, `argmax`,
  `softmax` of `torch` itself.
- TensorFlow 1, where `dim` and `keep_dims` were right.
- Layers: `nn.Softmax(axis=1)` is XFR119, `keras.layers.Softmax(dim=1)` is XFR118.

## Fix

Rename the keyword.

## Seen at run time

The framework raises.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
- https://www.tensorflow.org/api_docs/python/tf/math/reduce_sum
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.versions import Era, keras_era, spelled
from ...source.walk import File

rule = Rule(
    __name__,
    name="axis-dim-keyword",
    message="{function} has no {given}=; write {right}=",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="either",
)

# Python functions of torch, whose keywords are as written.
_FUNCTIONAL = "softmax log_softmax softmin gumbel_softmax normalize glu".split()
TORCH = {
    **{f"torch.nn.functional.{name}": {"axis": "dim"} for name in _FUNCTIONAL},
    **{f"torch.{name}": {"axis": "dim"} for name in ("norm", "split", "unique")},
    "torch.roll": {"axis": "dims"},
    "torch.flip": {"axis": "dims"},
    "torch.flatten": {"axis": "start_dim"},
}
_REDUCTIONS = "sum mean max min prod any all logsumexp"
_REDUCED = [f"reduce_{name}" for name in _REDUCTIONS.split()]
_IN_MATH = "argmax argmin cumsum softmax reduce_std reduce_variance"
_AT_TOP = "concat stack split argmax argmin expand_dims squeeze gather cumsum unstack sort"
_OPS = (
    "sum mean max min prod any all logsumexp std var argmax argmin softmax log_softmax "
    "concatenate stack split expand_dims squeeze flip roll repeat cumsum normalize unstack"
)
# `tf.nn.l2_normalize` is left out: it still takes `dim`.
TENSORFLOW = [
    *(f"tensorflow.{name}" for name in (*_REDUCED, *_AT_TOP.split())),
    *(f"tensorflow.math.{name}" for name in (*_REDUCED, *_IN_MATH.split())),
    *(f"tensorflow.nn.{name}" for name in "softmax log_softmax moments".split()),
    *(f"tensorflow.linalg.{name}" for name in "norm normalize".split()),
    *(f"keras.ops.{name}" for name in _OPS.split()),
    *(f"keras.activations.{name}" for name in "softmax log_softmax".split()),
]
_IN_TENSORFLOW = {
    "dim": "axis",
    "dims": "axis",
    "keepdim": "keepdims",
    "keep_dims": "keepdims",
    "dimension": "axis",
    "concat_dim": "axis",
}


@rule.call(*TORCH)
def check_torch(file: File, call: ast.Call) -> Iterator[Finding]:
    yield from renamed(file, call, TORCH[file.qualified(call.func) or ""])


@rule.call(*TENSORFLOW)
def check_tensorflow(file: File, call: ast.Call) -> Iterator[Finding]:
    yield from renamed(file, call, _IN_TENSORFLOW)


def renamed(file: File, call: ast.Call, names: dict[str, str]) -> Iterator[Finding]:
    wrong = [k.arg for k in call.keywords if k.arg in names]
    if not wrong or expects_error(file, call) or is_first(file, call):
        return
    for name in wrong:
        assert name is not None
        yield rule.at(call, function=file.dotted(call.func) or "", given=name, right=names[name])


def is_first(file: File, call: ast.Call) -> bool:
    """Whether the call is plainly one of TensorFlow 1."""
    if not spelled(file, call.func).startswith("tensorflow"):
        return False
    return "compat.v1" in spelled(file, call.func) or keras_era(file) is Era.FIRST
