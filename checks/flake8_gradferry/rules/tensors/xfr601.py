"""A result that is thrown away, of a call that changes nothing in place.

## Why

SILENT. `module.to(device)` moves the module; `tensor.to(device)` returns another tensor and leaves
this one where it is. The same holds of `detach()`, `squeeze()`, `reshape(...)`, `float()` and of
functions such as `tf.cast(x, ...)`: as a statement they do nothing. torch's in-place methods end in
an underscore; TensorFlow's tensors have none. Measured on torch 2.13: after the statements below
the tensor still has its shape and its graph.

## Bad

```python
import torch


def prepare(x):
    y = torch.exp(x)
    y.detach()  # XFR601
    y.unsqueeze(0)  # XFR601
    return y


y = prepare(torch.ones(4, requires_grad=True))
```

```python
import tensorflow as tf


def prepare(x):
    tf.cast(x, tf.float32)  # XFR601
    return x / 255


y = prepare(tf.constant([255.0], tf.float64))
```

## Good

```python
import torch


def prepare(x):
    y = torch.exp(x)
    y = y.detach()
    y = y.unsqueeze(0)
    return y


y = prepare(torch.ones(4, requires_grad=True))
```

```python
import tensorflow as tf


def prepare(x):
    x = tf.cast(x, tf.float32)
    return x / 255


y = prepare(tf.constant([255.0], tf.float64))
```

## When it stays quiet

- Modules, optimizers' states and batches that are objects of their own (`batch.to(device)` of
  transformers works in place): the receiver must be seen to be a tensor, or to be taken out of a
  loader's tuple.
- In-place methods (`x.squeeze_()`), `out=`, and operations named for a graph (`name=`).
- A call inside the call (`tf.squeeze(tf.expand_dims(x, 0), 0)`): nobody's variable was meant.
- Statements at the top of a file, where a notebook shows their value, tests, and statements that
  wait for an error.

## Fix

Assign the result: `x = x.to(device)`.

## Seen at run time

Nothing fails by itself; a tensor left on the wrong device raises at its first use.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
- https://www.tensorflow.org/api_docs/python/tf/cast
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...loop.evaluation import is_test
from ...objects.module_kinds import is_torch_file
from ...objects.tensors import whose
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Path
from ...source.guards import expects_error
from ...source.infer import Origin, origins
from ...source.walk import FUNCTIONS, LOOPS, File

rule = Rule(
    __name__,
    name="result-dropped",
    message="{call} leaves {name} as it is (SILENT); assign its result",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_METHODS = frozenset(
    (
        "to cuda cpu float double half bfloat16 long int type type_as detach clone contiguous "
        "squeeze unsqueeze permute transpose reshape view flatten clamp clip expand swapaxes "
        "movedim masked_fill repeat_interleave"
    ).split()
)
_DATASET_METHODS = frozenset(
    "batch cache filter map padded_batch prefetch repeat shuffle skip take unbatch".split()
)
# No module, array or batch of anybody's has these; or none changes in place by them.
_OF_TENSORS_ALONE = frozenset(("unsqueeze", "contiguous", "masked_fill", "repeat_interleave"))
_FUNCTIONS = tuple(
    f"{module}.{name}"
    for module, names in (
        (
            "tensorflow",
            "cast reshape squeeze expand_dims transpose one_hot tile clip_by_value stop_gradient",
        ),
        ("torch", "squeeze unsqueeze reshape flatten transpose permute clamp movedim"),
        ("keras.ops", "cast reshape squeeze expand_dims transpose one_hot clip stop_gradient"),
        ("numpy", "squeeze reshape expand_dims transpose clip moveaxis"),
    )
    for name in names.split()
)
_LOADER = re.compile(r"load|batch|dataset|iter|_dl$|data$", re.IGNORECASE)
_TIMED = re.compile(r"bench|time|profil|warm", re.IGNORECASE)


@rule.call(*_FUNCTIONS)
def check_function(file: File, call: ast.Call) -> Iterator[Finding]:
    if isinstance(file.parent(call), ast.Expr) and call.args and is_dropped(file, call):
        if any(keyword.arg in ("name", "out") for keyword in call.keywords):
            return
        name = file.dotted(call.args[0])
        if name is not None:
            yield rule.at(call, call=f"{file.dotted(call.func)}(...)", name=name)


@rule.node(ast.Expr)
def check_method(file: File, statement: ast.Expr) -> Iterator[Finding]:
    match statement.value:
        case ast.Call(func=ast.Attribute(attr=method, value=tensor)) as call if method in _METHODS:
            name = file.dotted(tensor)
            if name is None or file.qualified(call.func) is not None:
                return
            if not is_dropped(file, call) or not is_tensor(file, tensor, method):
                return
            yield rule.at(call, call=f"{name}.{method}(...)", name=name)
        case ast.Call(func=ast.Attribute(attr=method, value=ast.Name(id=name) as data)) as call:
            if method in _DATASET_METHODS and is_dropped(file, call) and is_dataset(file, data):
                yield rule.at(call, call=f"{name}.{method}(...)", name=name)


def is_dropped(file: File, call: ast.Call) -> bool:
    """Whether the value of a statement is lost: no notebook shows it, nobody waits for an error."""
    inner = any(isinstance(above, (*FUNCTIONS, *LOOPS)) for above in file.ancestors(call))
    function = file.function(call)
    timed = function is not None and _TIMED.search(function.name) is not None
    return inner and not timed and not is_test(file) and not expects_error(file, call)


def is_dataset(file: File, node: ast.expr) -> bool:
    """Whether an expression is surely a `tf.data.Dataset`, which nothing changes in place."""
    found = origins(file, node)
    return bool(found) and all(
        origin.callee.startswith("tensorflow.data.") or is_next_dataset(origin) for origin in found
    )


def is_next_dataset(origin: Origin) -> bool:
    match origin.node:
        case ast.Call(func=ast.Attribute(attr=method, value=before)):
            return method in _DATASET_METHODS and is_dataset(origin.file, before)
    return False


def is_tensor(file: File, node: ast.expr, method: str) -> bool:
    """Whether a method is surely a tensor's, by its name or by what it belongs to."""
    if whose(file, node) == "torch":
        return True
    return is_torch_file(file) and (
        method in _OF_TENSORS_ALONE
        or all(
            isinstance(origin.node, ast.For) and is_part(origin.node.iter, origin.path)
            for origin in origins(file, node)
        )
    )


def is_part(items: ast.expr, path: Path) -> bool:
    """Whether what a loop takes out at `path` is a part of a loader's batch, not all of it."""
    match items:
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]):
            return is_part(inner, path[1:])
        case ast.Call(func=ast.Name(id="tqdm") | ast.Attribute(attr="tqdm"), args=[inner, *_]):
            return is_part(inner, path)
    name = (File.dotted(items) or "").rpartition(".")[2]
    return bool(path) and _LOADER.search(name) is not None
