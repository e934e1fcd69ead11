"""`torch.max(x, dim)` taken for a tensor, or `tf.reduce_max` for a pair.

## Why

LOUD for torch: along a dimension `max`, `min`, `median`, `mode`, `sort`, `topk` and `kthvalue`
return values *and* indices, and arithmetic with the pair raises a TypeError or AttributeError.
`tf.reduce_max(x, 1)` and `np.max(x, 1)` return the values alone. SILENT the other way round: where
the batch holds two samples, `values, indices = tf.reduce_max(x, 1)` unpacks the first sample's
maximum and the second's. Measured on TensorFlow 2.21: the "prediction" below is 9.0, of 3 classes.

## Bad

```python
import torch

logits, labels = torch.tensor([[1.0, 3.0, 2.0], [9.0, 0.0, 1.0]]), torch.tensor([1, 0])
predicted = torch.max(logits, 1)
right = (predicted == labels).sum()  # XFR605
```

```python
import tensorflow as tf

logits = tf.constant([[1.0, 3.0, 2.0], [9.0, 0.0, 1.0]])
_, predicted = tf.reduce_max(logits, 1)  # XFR605
```

## Good

```python
import torch

logits, labels = torch.tensor([[1.0, 3.0, 2.0], [9.0, 0.0, 1.0]]), torch.tensor([1, 0])
predicted = torch.max(logits, 1).indices
right = (predicted == labels).sum()
```

```python
import tensorflow as tf

logits = tf.constant([[1.0, 3.0, 2.0], [9.0, 0.0, 1.0]])
predicted = tf.argmax(logits, 1)
```

## When it stays quiet

- No dimension is given, or two tensors are compared (`torch.max(a, b)`).
- The pair is unpacked, indexed, or asked for `.values` or `.indices`.
- Of TensorFlow and NumPy: unpacked into names that do not speak of indices or labels; two rows can
  be meant (`low, high = np.max(bounds, 0)`).

## Fix

torch: `x.max(1).values`, or `torch.amax(x, 1)`; TensorFlow: `tf.argmax` for the indices.

## Seen at run time

torch raises; TensorFlow raises for every batch that does not hold two samples.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.max.html
- https://www.tensorflow.org/api_docs/python/tf/math/reduce_max
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.infer import reaching
from ...source.walk import File

rule = Rule(
    __name__,
    name="max-returns-pair",
    message="{call} is a pair here, values and indices (TypeError); take .values or .indices",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="either",
)

_NO_PAIR = "{call} returns no indices (SILENT for two samples); use argmax for them"
_PAIRS = frozenset(f"torch.{name}" for name in "max min median mode sort topk kthvalue".split())
_VALUES = tuple(
    f"{module}.{name}"
    for module, names in (
        ("tensorflow", "reduce_max reduce_min"),
        ("tensorflow.math", "reduce_max reduce_min"),
        ("keras.ops", "max min amax amin"),
        ("numpy", "max min amax amin"),
    )
    for name in names.split()
)
_VALUE = re.compile(
    r"_+|val(ue)?s?|max_?(val(ue)?s?|probs?|scores?)?|conf(idence)?s?|scores?|probs?"
)
_INDEX = re.compile(r"(^|_)(ind(ex|ices)?|idx|arg\w*|pred\w*|labels?|class(es)?|y_?hat)s?$")


@rule.call(*sorted(_PAIRS))
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    if not is_pair(file, call) or expects_error(file, call):
        return
    if is_taken_for_tensor(file, call):
        yield rule.at(call, call=f"{file.dotted(call.func)}(...)")
    match file.parent(call):
        case ast.Assign(targets=[ast.Name(id=name)]) as assign:
            inside = file.inside(file.function(call) or file.tree, nested=False)
            uses = (u for u in inside[ast.Name] if u.id == name and is_taken_for_tensor(file, u))
            for use in uses:
                if [binding.node for binding in reaching(file, use)] == [assign]:
                    yield rule.at(use, call=name)


def is_taken_for_tensor(file: File, node: ast.expr) -> bool:
    """Whether something is done with a value that can be done with a tensor only."""
    match file.parent(node):
        case ast.BinOp():
            return True
        case ast.Compare(ops=operators):
            return not any(
                isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in operators
            )
        case ast.Attribute(attr=attr):
            return attr not in ("values", "indices") and not hasattr(tuple, attr)
    return False


def is_pair(file: File, call: ast.Call) -> bool:
    if file.qualified(call.func) not in _PAIRS:
        return False
    if file.qualified(call.func) in ("torch.sort", "torch.topk", "torch.kthvalue", "torch.mode"):
        return True
    given = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "dim")]
    return any(_is_integer(value) for value in given)


def _is_integer(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) is int


@rule.call(*_VALUES)
def check_unpacked(file: File, call: ast.Call) -> Iterator[Finding]:
    match file.parent(call):
        case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id=first), ast.Name(id=second)])]):
            axis = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "axis")]
            if axis and _VALUE.fullmatch(first) and _INDEX.search(second):
                yield rule.at(call, _NO_PAIR, call=f"{file.dotted(call.func)}(...)")
