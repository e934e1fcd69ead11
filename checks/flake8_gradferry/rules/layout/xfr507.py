"""The arguments of `transpose` and `permute` in another library's form.

## Why

LOUD. torch's `transpose` swaps two axes and takes two numbers; `tf.transpose`,
`keras.ops.transpose` and `np.transpose` take the whole new order as one list, which torch calls
`permute`. Measured on torch 2.13: `torch.transpose(x, (0, 2, 1))` raises `TypeError: transpose():
argument 'dim0' (position 2) must be int, not tuple`; on TensorFlow 2.21 `tf.transpose(x, 1, 2)`
raises `InvalidArgumentError`.

## Bad

```python
import torch

x = torch.ones(4, 3, 2)
y = torch.transpose(x, (0, 2, 1))  # XFR507
```

```python
import tensorflow as tf

x = tf.ones((4, 3, 2))
y = tf.transpose(x, 1, 2)  # XFR507
```

## Good

```python
import torch

x = torch.ones(4, 3, 2)
y = x.permute(0, 2, 1)
```

```python
import tensorflow as tf

x = tf.ones((4, 3, 2))
y = tf.transpose(x, [0, 2, 1])
```

## When it stays quiet

- `x.transpose(0, 2, 1)` of a NumPy array, or of a value nobody knows.
- The arguments are variables or `*dims`.

## Fix

torch: `x.permute(0, 2, 1)` for an order, `x.transpose(1, 2)` for a swap. TensorFlow and Keras:
one list.

## Seen at run time

The call raises.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.transpose.html
- https://www.tensorflow.org/api_docs/python/tf/transpose
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import integer
from ...model.modes import argument
from ...objects.tensors import whose
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="transpose-argument-form",
    message="torch's transpose swaps two axes; for a whole order write {value}.permute{order}",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="either",
)

PERMUTE = "torch.permute takes the order as one tuple; write {value}.permute{order}"
ONE_LIST = "{function} takes the whole new order as one list: {function}({value}, [0, 2, 1])"
PERMUTE_LAYER = "keras Permute counts from 1, without the batch; write Permute({order})"


@rule.call("torch.transpose")
def check_torch(file: File, call: ast.Call) -> Iterator[Finding]:
    if (order := an_order(call.args[1:])) is not None:
        yield rule.at(call, value=written(file, call.args[0]), order=order)


@rule.method("transpose")
def check_method(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    if file.qualified(call.func) is not None or (order := an_order(call.args)) is None:
        return
    if whose(file, call.func.value) == "torch":
        yield rule.at(call, value=written(file, call.func.value), order=order)


def an_order(arguments: list[ast.expr]) -> str | None:
    """The order of more than two axes that the arguments spell, as `(0, 2, 1)`."""
    match arguments:
        case [ast.Tuple(elts=places) | ast.List(elts=places)]:
            pass
        case [_, _, _, *_]:
            places = arguments
        case _:
            return None
    numbers = [integer(place) for place in places]
    if any(number is None for number in numbers) or len(numbers) < 2:
        return None
    return f"({', '.join(map(str, numbers))})"


@rule.call("torch.permute")
def check_permute(file: File, call: ast.Call) -> Iterator[Finding]:
    if len(call.args) > 2 and (order := an_order(call.args[1:])) is not None:
        yield rule.at(call, PERMUTE, value=written(file, call.args[0]), order=order)


@rule.call("tensorflow.transpose", "keras.ops.transpose", "numpy.transpose")
@rule.call("keras.backend.permute_dimensions")
def check_one_list(file: File, call: ast.Call) -> Iterator[Finding]:
    if len(call.args) > 2 and all(integer(place) is not None for place in call.args[1:]):
        function = file.dotted(call.func) or "transpose"
        yield rule.at(call, ONE_LIST, function=function, value=written(file, call.args[0]))


@rule.call("keras.layers.Permute")
def check_layer(file: File, call: ast.Call) -> Iterator[Finding]:
    match argument(call, "dims", 0):
        case ast.Tuple(elts=[first, *rest]) | ast.List(elts=[first, *rest]):
            numbers = [integer(place) for place in rest]
            if integer(first) == 0 and None not in numbers:
                yield rule.at(call, PERMUTE_LAYER, order=f"({', '.join(map(str, numbers))})")


def written(file: File, node: ast.expr) -> str:
    return file.dotted(node) or "x"
