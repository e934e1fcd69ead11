"""A TensorFlow tensor changed in place.

## Why

LOUD. TensorFlow's tensors never change, and its variables only by `assign`. Observed on TensorFlow
2.21: `TypeError: 'EagerTensor' object does not support item assignment`, the same for variables and
for Keras' symbolic tensors; torch's methods with a trailing underscore do not exist:
`AttributeError: 'EagerTensor' object has no attribute 'add_'`.

## Bad

```python
import tensorflow as tf

mask = tf.ones((4, 4))
mask[0, 0] = 0.0  # XFR603
weight = tf.Variable(tf.ones(3))
weight.mul_(0.5)  # XFR603
```

## Good

```python
import tensorflow as tf

mask = tf.ones((4, 4))
mask = tf.tensor_scatter_nd_update(mask, [[0, 0]], [0.0])
weight = tf.Variable(tf.ones(3))
weight.assign(weight * 0.5)
```

## When it stays quiet

- The value is not seen to be a TensorFlow tensor: lists, dicts and arrays of tensors, parameters of
  which no call is in sight.
- `x += 1` on a tensor: it gives the name a new tensor, which is right.
- Keras on the torch backend, and code under a test on the backend or on `isinstance`.
- The error is expected: in `pytest.raises`, in a `try` that catches it.

## Fix

For a tensor: `tf.tensor_scatter_nd_update`, `tf.where` with a mask, or a list that is stacked at
the end. For a variable: `assign`, `assign_add`, or `variable[0].assign(...)`.

## Seen at run time

`training_smoke`: the forward pass raises.

## References

- https://www.tensorflow.org/api_docs/python/tf/tensor_scatter_nd_update
- https://www.tensorflow.org/guide/variable
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.kinds import Kind, is_chosen, is_layer_input, is_tensorflow_tensor, kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.walk import File

rule = Rule(
    __name__,
    name="in-place-on-tensor",
    message="{tensor} is a TensorFlow tensor and never changes; use tf.tensor_scatter_nd_update",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)

VARIABLE = "{tensor} is a tf.Variable and takes no item assignment; use {tensor}[...].assign()"
NO_METHOD = "{tensor} is TensorFlow's and has no {verb}(); {instead}"

VERBS = (
    "add_ addcmul_ clamp_ copy_ div_ exp_ fill_ masked_fill_ mul_ normal_ relu_ sqrt_ squeeze_ "
    "sub_ uniform_ unsqueeze_ zero_"
).split()


@rule.node(ast.Subscript)
def check_items(file: File, node: ast.Subscript) -> Iterator[Finding]:
    if not isinstance(node.ctx, ast.Store):
        return
    tensor = node.value
    if not is_tensorflow_tensor(file, tensor) or is_meant(file, node):
        return
    if is_layer_input(file, tensor) and not isinstance(node.slice, ast.Tuple):
        return
    variable = kind(file, tensor) is Kind.TF_VARIABLE
    yield rule.at(node, VARIABLE if variable else None, tensor=file.dotted(tensor) or "this")


@rule.method(*VERBS)
def check_methods(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    tensor, verb = call.func.value, call.func.attr
    if not is_tensorflow_tensor(file, tensor) or is_meant(file, call):
        return
    variable = kind(file, tensor) is Kind.TF_VARIABLE
    instead = "use assign()" if variable else "bind the result of a function"
    yield rule.at(call, NO_METHOD, tensor=file.dotted(tensor) or "this", verb=verb, instead=instead)


def is_meant(file: File, node: ast.AST) -> bool:
    """Whether a node is for another backend, or stands where its error is expected."""
    return is_chosen(file, node) or expects_error(file, node)
