"""A probability of keeping, given as the rate at which dropout drops.

## Why

SILENT. TensorFlow 1 asked what to keep, everybody else asks what to drop: `nn.Dropout(keep_prob)`
with 0.9 sets 90 % of the activations to zero and scales the rest by ten. Measured on torch 2.13 and
TensorFlow 2.21: share of zeros 0.90 where 0.10 is meant. `tf.nn.dropout(x, keep_prob=0.9)` is LOUD
in TensorFlow 2 (`TypeError`).

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
keep_prob = 0.9
y = nn.Dropout(keep_prob)(torch.ones(10000))  # XFR307
zeros = (y == 0).float().mean().item()
```

```python
import tensorflow as tf

tf.random.set_seed(0)
keep_prob = 0.9
y = tf.nn.dropout(tf.ones(10000), keep_prob)  # XFR307
zeros = float(tf.reduce_mean(tf.cast(y == 0, tf.float32)))
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
keep_prob = 0.9
y = nn.Dropout(1 - keep_prob)(torch.ones(10000))
zeros = (y == 0).float().mean().item()
```

```python
import tensorflow as tf

tf.random.set_seed(0)
keep_prob = 0.9
y = tf.nn.dropout(tf.ones(10000), rate=1 - keep_prob)
zeros = float(tf.reduce_mean(tf.cast(y == 0, tf.float32)))
```

## When it stays quiet

- Names without "keep", whatever their value; `1 - keep_prob`. `1 - dropout` is found as well.
- A value of 0.5, the same both ways, or below: then the name is wrong, not the number.
- `tf.nn.dropout(x, keep_prob)` unless the program is plainly for TensorFlow 2 (it uses Keras, a
  GradientTape, ...): in TensorFlow 1 the second argument is what to keep.

## Fix

Write `1 - keep_prob`, or rename what is a rate already.

## Seen at run time

`parity`: `settings` compares the rates of paired layers.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
- https://www.tensorflow.org/api_docs/python/tf/nn/dropout
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import arguments, last_name, number
from ...source.guards import expects_error
from ...source.versions import Era, keras_era, spelled
from ...source.walk import File

rule = Rule(
    __name__,
    name="keep-probability-as-rate",
    message="{function} drops this share, {value} says keep (SILENT); write 1 - {value}",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)
TAKEN = "1 - {right} is what to keep, {function} drops it (SILENT); write {right}"
KEYWORD = "TensorFlow 2's dropout has no keep_prob=; write rate=1 - {value}"

_KEEP = re.compile(r"(^|_)keep(_?(p|prob|probs|proba|probability|rate|ratio))?(_?\d*)$", re.I)
_DROP = re.compile(r"(^|_)drop(out|path)?(_?(p|prob|rate|ratio))?\d*$", re.I)
# Names that TensorFlow 1 does not have, or hardly anybody used there.
_SECOND = frozenset("GradientTape function keras set_seed Module".split())
_LAYERS = [
    *(f"torch.nn.{name}" for name in "Dropout Dropout1d Dropout2d Dropout3d AlphaDropout".split()),
    *(f"torch.nn.{name}" for name in "LSTM GRU RNN MultiheadAttention".split()),
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    *(f"keras.layers.{name}" for name in "Dropout AlphaDropout GaussianDropout LSTM GRU".split()),
    *(f"keras.layers.SpatialDropout{rank}D" for rank in (1, 2, 3)),
]
_RATES = ("p", "rate", "dropout", "recurrent_dropout")
_FUNCTIONS = [
    *(f"torch.nn.functional.{n}" for n in "dropout dropout1d dropout2d alpha_dropout".split()),
    "tensorflow.nn.dropout",
]


@rule.call(*_LAYERS)
def check_layer(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    if made is None:
        return
    for name in _RATES:
        if (rate := made.given.get(name)) is not None:
            yield from judged(file, call, made.cls, rate)


@rule.call(*_FUNCTIONS)
def check_function(file: File, call: ast.Call) -> Iterator[Finding]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    is_tensorflow = (file.qualified(call.func) or "").startswith("tensorflow")
    if is_tensorflow and "rate" not in given and not is_second(file, call):
        return
    if is_tensorflow and (keep := given.get("keep_prob")) is not None:
        if not expects_error(file, call):
            yield rule.at(call, KEYWORD, value=ast.unparse(keep))
        return
    rate = given.get("p") or given.get("rate") or (call.args[1] if len(call.args) > 1 else None)
    if rate is not None:
        yield from judged(file, call, last_name(call.func), rate)


def is_second(file: File, call: ast.Call) -> bool:
    """Whether the call is plainly one of TensorFlow 2: in 1 the second argument is what to keep."""
    if "compat.v1" in spelled(file, call.func) or keras_era(file) is Era.FIRST:
        return False
    names = {attribute.attr for attribute in file.index[ast.Attribute]}
    return not names.isdisjoint(_SECOND) or any(
        target.startswith("keras") for target in file.imports.values()
    )


def judged(file: File, call: ast.Call, function: str, rate: ast.expr) -> Iterator[Finding]:
    if says_keep(file, rate):
        yield rule.at(call, function=function, value=ast.unparse(rate))
    elif (dropped := taken_from_one(rate)) is not None and number(file, dropped) != 0.5:
        yield rule.at(call, TAKEN, function=function, right=ast.unparse(dropped))


def taken_from_one(node: ast.expr) -> ast.expr | None:
    """The rate in `1 - dropout`, by its name."""
    match node:
        case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=dropped):
            return dropped if _DROP.search(last_name(dropped)) else None
    return None


def says_keep(file: File, node: ast.expr) -> bool:
    """Whether a value's name says that it is what to keep, and its number does not deny it."""
    if not _KEEP.search(last_name(node)):
        return False
    value = number(file, node)
    return value is None or value > 0.5
