"""A gradient by a tensor that the tape does not watch.

## Why

SILENT. torch's `x.requires_grad_()` marks a tensor for good; a `tf.GradientTape` watches variables
by itself and any other tensor only from `tape.watch(x)` on. Measured on TensorFlow 2.21: without
`watch`, and with `watch` below the operations, the gradient is None.

## Bad

```python
import tensorflow as tf

x = tf.constant(3.0)
with tf.GradientTape() as tape:
    y = x * x
gradient = tape.gradient(y, x)  # XFR211
```

```python
import tensorflow as tf

x = tf.constant(3.0)
with tf.GradientTape() as tape:
    y = x * x
    tape.watch(x)  # XFR211
gradient = tape.gradient(y, x)
```

## Good

```python
import tensorflow as tf

x = tf.constant(3.0)
with tf.GradientTape() as tape:
    tape.watch(x)
    y = x * x
gradient = tape.gradient(y, x)
```

## When it stays quiet

- The tensor is a variable or may be one: a parameter, an attribute, the result of a function.
- It is computed inside the block, from what is watched (feature maps for Grad-CAM).
- Something is watched of which it cannot be said what it is.

## Fix

`tape.watch(x)` as the first line of the block.

## Seen at run time

The gradient is None: `assert gradient is not None` in a test of the function.

## References

- https://www.tensorflow.org/guide/autodiff#controlling_what_the_tape_watches
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import Origin, origins
from ...source.walk import File, position
from ...tape.tape_blocks import Taken, sources_of, taken, watched
from .xfr213 import integer

rule = Rule(
    __name__,
    name="unwatched-source",
    message="{x} is no variable and not watched: its gradient is None (SILENT); {tape}.watch({x})",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)
LATE = "{tape}.watch({x}) comes after {x} was used: its gradient is None (SILENT); move it up"

# Where the functions that make or compute tensors stand, and those that may make something else.
_MODULES = tuple(
    f"tensorflow{part}" for part in ("", ".math", ".random", ".image", ".linalg", ".signal")
)
_NOT_PLAIN = frozenset("function group tuple map_fn py_function custom_gradient".split())


@rule.method("gradient", "jacobian", "batch_jacobian")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    asked = taken(file, call)
    if asked is None:
        return
    seen = watched(asked)
    if seen is None:
        return
    for source in sources_of(asked):
        if not isinstance(source, ast.Name):
            continue
        if not all(is_plain(asked, end) for end in origins(file, source)):
            continue
        watches = [node for node in seen if same_value(file, node, source)]
        if not watches:
            if integer(file, source) is None:
                yield rule.at(call, x=source.id, tape=asked.name)
        elif len(watches) == len(seen) == 1 and (late := comes_late(asked, watches[0])):
            yield rule.at(late, LATE, x=source.id, tape=asked.name)


def is_plain(asked: Taken, end: Origin) -> bool:
    """Whether a value is a tensor, no variable, of which the tape knows nothing."""
    file = end.file
    if isinstance(end.node, ast.For):
        return is_dataset(file, end.node.iter)
    if end.path or not isinstance(end.node, ast.Call):
        return False
    name = file.qualified(end.node.func) or ""
    root, _, last = name.rpartition(".")
    if root not in _MODULES or last in _NOT_PLAIN or not last.islower():
        return False
    made_inside = file is asked.file and asked.holds(end.node)
    # What is computed inside of something else may lead back to what is watched.
    return not made_inside or last in ("constant", "zeros", "ones", "linspace")


def is_dataset(file: File, source: ast.expr) -> bool:
    """Whether a loop goes over a `tf.data.Dataset`."""
    for end in origins(file, source):
        node = end.node
        while isinstance(node, (ast.Call, ast.Attribute)):
            if (end.file.qualified(node) or "").startswith("tensorflow.data."):
                break
            node = node.func if isinstance(node, ast.Call) else node.value
        else:
            return False
    return True


def same_value(file: File, one: ast.expr, other: ast.expr) -> bool:
    """Whether two expressions may be the same tensor."""
    if file.dotted(one) == file.dotted(other):
        return True
    ends = {end.node for end in origins(file, other)}
    return any(end.node in ends for end in origins(file, one))


def comes_late(asked: Taken, watch: ast.expr) -> ast.expr | None:
    """The `watch` of a name, if the block uses the name above it and nowhere below."""
    file = asked.file
    if not isinstance(watch, ast.Name) or not asked.holds(watch):
        return None
    uses = [
        name
        for name in file.inside(asked.block)[ast.Name]
        if name.id == watch.id and name is not watch and asked.call not in file.ancestors(name)
    ]
    if not uses or any(not isinstance(name.ctx, ast.Load) for name in uses):
        return None
    if any(position(name) > position(watch) for name in uses):
        return None
    above = file.parent(watch)
    return above if isinstance(above, ast.Call) else None
