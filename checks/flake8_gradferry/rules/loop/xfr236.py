"""A `zip` of gradients and variables that is read twice.

## Why

LOUD, and SILENT where the empty pairs are only looped over. A `zip` gives its pairs once: after a
loop that logs or clips them nothing is left for `apply_gradients`. Observed on Keras 3.15:
`ValueError: not enough values to unpack (expected 2, got 0)`.

## Bad

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.1)

with tf.GradientTape() as tape:
    loss = tf.reduce_mean(model(tf.ones((4, 3)), training=True) ** 2)
gradients = tape.gradient(loss, model.trainable_variables)
pairs = zip(gradients, model.trainable_variables)
for gradient, variable in pairs:
    print(variable.path, float(tf.norm(gradient)))
optimizer.apply_gradients(pairs)  # XFR236
```

## Good

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.1)

with tf.GradientTape() as tape:
    loss = tf.reduce_mean(model(tf.ones((4, 3)), training=True) ** 2)
gradients = tape.gradient(loss, model.trainable_variables)
pairs = list(zip(gradients, model.trainable_variables))
for gradient, variable in pairs:
    print(variable.path, float(tf.norm(gradient)))
optimizer.apply_gradients(pairs)
```

## When it stays quiet

- The pairs are in a list, or are made anew between the two readings.
- The two readings stand in different branches of one `if`.

## Fix

`pairs = list(zip(gradients, variables))`.

## Seen at run time

The first step raises, under `training_smoke` as anywhere.

## References

- https://docs.python.org/3/library/functions.html#zip
- https://keras.io/api/optimizers/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import reaching
from ...source.walk import File, position
from ...tape.tapes import given_pairs

rule = Rule(
    __name__,
    name="pairs-used-twice",
    message="{pairs} is a zip, empty after it was read above; {pairs} = list(zip(...))",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)

_ONCE = frozenset(("zip", "map", "filter", "reversed"))
_READERS = frozenset("list tuple dict sorted sum enumerate zip map filter max min".split())


@rule.method("apply_gradients")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    given = given_pairs(call)
    if not given or not isinstance(pairs := given[0], ast.Name):
        return
    bindings = reaching(file, pairs)
    if len(bindings) != 1 or bindings[0].path or not gives_once(file, bindings[0].value):
        return
    (made,) = bindings
    function = file.function(call)
    inside = file.inside(function, nested=False) if function is not None else file.index
    reads = [
        name
        for name in inside[ast.Name]
        if name.id == pairs.id
        and isinstance(name.ctx, ast.Load)
        and is_read(file, name)
        and [binding.node for binding in reaching(file, name)] == [made.node]
    ]
    reads.sort(key=position)
    for earlier, later in pairwise(reads):
        if pairs in (earlier, later) and not exclude_each_other(file, earlier, later):
            yield rule.at(later, pairs=pairs.id)


def gives_once(file: File, value: ast.expr | None) -> bool:
    match value:
        case ast.GeneratorExp():
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in _ONCE and name not in file.rebound
    return False


def is_read(file: File, name: ast.Name) -> bool:
    """Whether an expression goes through all that a name holds."""
    match file.parent(name):
        case ast.For(iter=source) | ast.comprehension(iter=source):
            return source is name
        case ast.Starred():
            return True
        case ast.keyword(arg="grads_and_vars"):
            return True
        case ast.Call(func=ast.Name(id=reader)):
            return reader in _READERS
        case ast.Call(func=ast.Attribute(attr="apply_gradients")):
            return True
    return False


def exclude_each_other(file: File, one: ast.AST, other: ast.AST) -> bool:
    """Whether two places stand in different branches of one `if`, or one in a block that ends."""
    around = {id(node): node for node in file.ancestors(other)}
    child: ast.AST = one
    for above in file.ancestors(one):
        if isinstance(above, ast.If):
            if id(above) in around:
                return (child in above.body) != (_child_of(file, above, other) in above.body)
            if isinstance(above.body[-1], (ast.Return, ast.Continue, ast.Break, ast.Raise)):
                return True
        child = above
    return False


def _child_of(file: File, block: ast.AST, node: ast.AST) -> ast.AST:
    """The child of `block` that `node` stands in."""
    child = node
    for above in file.ancestors(node):
        if above is block:
            break
        child = above
    return child
