"""Labels of -100, which torch skips, given to a Keras loss.

## Why

LOUD on a CPU, silent NaN on a GPU. `cross_entropy` of torch skips labels of -100 (`ignore_index`);
Keras' sparse cross-entropy takes every label for a class: `InvalidArgumentError: Received a label
value of -100 which is outside the valid range`. With `ignore_class=-100` it skips them, but still
divides by all labels where torch divides by those that count.

## Bad

```python
import keras
import numpy as np

keras.utils.set_random_seed(0)
labels = np.array([0, 1, 2, 1, 0, 0])
padding = np.array([False, False, False, False, True, True])
y = np.where(padding, -100, labels)
logits = np.random.normal(size=(6, 3)).astype("float32")

loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, logits)  # XFR424
```

## Good

```python
import keras
import numpy as np

keras.utils.set_random_seed(0)
labels = np.array([0, 1, 2, 1, 0, 0])
padding = np.array([False, False, False, False, True, True])
y = np.where(padding, -100, labels)
logits = np.random.normal(size=(6, 3)).astype("float32")

loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100)
loss = loss_fn(y, logits)
```

## When it stays quiet

- `ignore_class` is given, or may be in `**options`.
- The labels are selected before (`tf.boolean_mask`), or it is not seen that some are -100.

## Fix

Pass `ignore_class=-100`; for torch's number, sum the losses and divide by `(y != -100).sum()`.

## Seen at run time

TensorFlow raises on a CPU. `parity`: `loss` (the two denominators).

## References

- https://keras.io/api/losses/probabilistic_losses/#sparsecategoricalcrossentropy-class
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.losses import Loss, loss_calls
from ...loss.targets import fits
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value
from ...source.values import Trace, constant
from ...source.walk import File

rule = Rule(
    __name__,
    name="ignore-index-labels",
    message="{loss} does not skip labels of -100 (raises, NaN on GPU); set ignore_class=-100",
    harm=Harm.LOUD,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)

_IGNORED = -100
_CHOOSING = ("where", "full", "full_like", "masked_fill", "fill", "pad", "constant")


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for found in loss_calls(file):
        if found.target is not None and counts_all(found.loss) and holds_ignored(found.target):
            yield rule.at(found.call, loss=found.loss.shown)
    for fit in fits(file):
        if counts_all(fit.compiled.loss) and holds_ignored(fit.target):
            yield rule.at(fit.call, loss=fit.compiled.loss.shown)


def counts_all(loss: Loss) -> bool:
    """Whether a loss takes every label for a class."""
    sparse = loss.word.startswith("sparse_") and not loss.is_torch
    return sparse and loss.options.keys().isdisjoint(("ignore_class", None))


def holds_ignored(target: Value) -> bool:
    """Whether some labels are seen to be -100."""
    if is_set(target):
        return True
    ends = Trace().ends(target)
    return bool(ends) and all(is_made_ignored(end.value) for end in ends)


def is_made_ignored(value: Value) -> bool:
    """`tf.where(mask, y, -100)`, `np.full(n, -100)`."""
    match value.node:
        case ast.Call(func=ast.Attribute(attr=word) | ast.Name(id=word)) as call:
            arguments = [*call.args, *(item.value for item in call.keywords)]
            return word in _CHOOSING and any(is_ignored(value.at(a)) for a in arguments)
    return False


def is_set(target: Value) -> bool:
    """`y[mask] = -100` before the loss, in the same function."""
    file, node = target.file, target.node
    if not isinstance(node, ast.Name):
        return False
    function = file.function(node)
    inside = file.inside(function, nested=False) if function is not None else file.index
    for assign in inside[ast.Assign]:
        match assign.targets:
            case [ast.Subscript(value=ast.Name(id=word))] if word == node.id:
                if assign.lineno < node.lineno and is_ignored(target.at(assign.value)):
                    return True
    return False


def is_ignored(value: Value) -> bool:
    match value.node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=number)):
            return number == -_IGNORED
        case ast.Name():
            return any(
                is_ignored(end.value)
                for end in Trace().ends(value)
                if isinstance(end.value.node, ast.UnaryOp)
            )
    return constant(value) == _IGNORED
