"""A method of torch tensors, called on a TensorFlow tensor.

## Why

LOUD. TensorFlow's tensors have few methods: what torch writes `x.view(...)`, `x.size(0)` or
`x.item()` is a function, an attribute or nothing at all. Observed on TensorFlow 2.21:
`AttributeError: 'EagerTensor' object has no attribute 'view'`, and the same for `size`, `permute`,
`unsqueeze`, `item`, `detach`, `contiguous`, `numel`, `clone`, `sum`, `mean`. (`cpu()` it has.)

## Bad

```python
import keras
import tensorflow as tf


class Head(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(3)

    def call(self, x):
        x = tf.nn.relu(x)
        return self.out(x.view(x.size(0), -1))  # XFR602


y = Head()(tf.ones((2, 4, 4)))
```

## Good

```python
import keras
import tensorflow as tf


class Head(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(3)

    def call(self, x):
        x = tf.nn.relu(x)
        return self.out(tf.reshape(x, (tf.shape(x)[0], -1)))


y = Head()(tf.ones((2, 4, 4)))
```

## When it stays quiet

- Keras on the torch backend, and code under a test on the backend or on `isinstance`.
- The value is not seen to be a TensorFlow tensor: a parameter of which no call is in sight, what a
  model of the project's own returns, what differs between branches.
- The call stands where the error is expected: in `pytest.raises`, in a `try` that catches it.
- NumPy's methods (`mean`, `astype`, ...) in a file that turns `enable_numpy_behavior` on.

## Fix

The message names TensorFlow's function for it.

## Seen at run time

`training_smoke`: the forward pass raises.

## References

- https://www.tensorflow.org/api_docs/python/tf/Tensor
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
    name="torch-methods-on-tensorflow",
    message="{tensor} is a TensorFlow tensor and has no {verb}(); {instead}",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)

INSTEAD = {
    "bool": "use tf.cast",
    "clamp": "use tf.clip_by_value",
    "clone": "use tf.identity",
    "contiguous": "drop it",
    "cuda": "drop it",
    "detach": "use tf.stop_gradient",
    "dim": "use len(x.shape)",
    "double": "use tf.cast",
    "expand": "use tf.broadcast_to",
    "expand_as": "use tf.broadcast_to",
    "float": "use tf.cast",
    "half": "use tf.cast",
    "index_select": "use tf.gather",
    "int": "use tf.cast",
    "item": "use float() or .numpy()",
    "long": "use tf.cast",
    "masked_fill": "use tf.where",
    "numel": "use tf.size",
    "permute": "use tf.transpose",
    "register_hook": "use tf.custom_gradient",
    "repeat": "use tf.tile",
    "requires_grad_": "use tape.watch",
    "retain_grad": "use tape.gradient",
    "size": "use .shape or tf.shape",
    "to": "use tf.cast, or drop it",
    "unsqueeze": "use tf.expand_dims",
    "view": "use tf.reshape",
    "view_as": "use tf.reshape",
}
# TensorFlow's tensors can be taught these, and two Keras' symbolic ones have.
OF_ARRAYS = ("item", "repeat", "view")  # NumPy has them too, with one argument at most
SYMBOLIC = ("reshape", "squeeze")
NUMPY_LIKE = {
    "argmax": "use tf.argmax",
    "astype": "use tf.cast",
    "flatten": "use tf.reshape",
    "max": "use tf.reduce_max",
    "mean": "use tf.reduce_mean",
    "min": "use tf.reduce_min",
    "reshape": "use tf.reshape",
    "squeeze": "use tf.squeeze",
    "std": "use tf.math.reduce_std",
    "sum": "use tf.reduce_sum",
    "tolist": "use .numpy().tolist()",
    "transpose": "use tf.transpose",
}


@rule.method(*INSTEAD, *NUMPY_LIKE)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    tensor, verb = call.func.value, call.func.attr
    if file.imported(call.func) or not is_tensorflow_tensor(file, tensor):
        return
    if verb in NUMPY_LIKE and (acts_like_numpy(file) or is_layer_input(file, tensor)):
        return
    if verb in SYMBOLIC and kind(file, tensor) is Kind.KERAS_TENSOR:
        return
    if verb in OF_ARRAYS and len(call.args) < 2 and is_layer_input(file, tensor):
        return
    if not is_chosen(file, call) and not expects_error(file, call):
        instead = INSTEAD.get(verb) or NUMPY_LIKE[verb]
        yield rule.at(call, tensor=file.dotted(tensor) or "this", verb=verb, instead=instead)


def acts_like_numpy(file: File) -> bool:
    """Whether tensors are taught NumPy's methods, or are turned into arrays by `x.eval()`."""
    return "eval" in file.calls_by_name or any(
        "enable_numpy_behavior" in name for name in file.calls_by_name
    )
