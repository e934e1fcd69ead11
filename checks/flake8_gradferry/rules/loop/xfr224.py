"""Gradient accumulation by applying only every k-th step's gradients.

## Why

SILENT. In torch `backward()` adds to `.grad`, so a loop that steps every k-th turn accumulates. A
tape's gradients are new each turn: applied every k-th turn, the others are thrown away. Measured on
Keras 3.15 over four batches: the update differs by 67 % from that of all batches together, and
three quarters of the data are computed for nothing.

## Bad

```python
import keras
import tensorflow as tf

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.1)
x = tf.random.normal((4, 16, 3), seed=1)
y = tf.random.normal((4, 16, 1), seed=2)

for step in range(4):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x[step], training=True) - y[step]) ** 2) / 4
    gradients = tape.gradient(loss, model.trainable_variables)
    if (step + 1) % 4 == 0:
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # XFR224
```

## Good

```python
import keras
import tensorflow as tf

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.1)
x = tf.random.normal((4, 16, 3), seed=1)
y = tf.random.normal((4, 16, 1), seed=2)

total = [tf.zeros_like(variable) for variable in model.trainable_variables]
for step in range(4):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x[step], training=True) - y[step]) ** 2) / 4
    gradients = tape.gradient(loss, model.trainable_variables)
    total = [t + g for t, g in zip(total, gradients)]
    if (step + 1) % 4 == 0:
        optimizer.apply_gradients(zip(total, model.trainable_variables))
        total = [tf.zeros_like(variable) for variable in model.trainable_variables]
```

## When it stays quiet

- The gradients are used for anything else in the loop (added up, kept, assigned).
- The loop applies other gradients every turn: the generator of a GAN, a delayed policy.
- The tape itself stands under the condition.

## Fix

Add the gradients up and apply the sum, or give Keras 3's optimizer
`gradient_accumulation_steps=4` and apply each turn.

## Seen at run time

`training_smoke`: `accumulation`; `parity`: `one-step` (against the reference's accumulated step).

## References

- https://keras.io/api/optimizers/
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins, reaching
from ...source.walk import FUNCTIONS, LOOPS, File
from ...tape.tapes import applies_others, given_pairs, is_gradient_call, used_elsewhere

rule = Rule(
    __name__,
    name="accumulation-by-skipping",
    message="only every k-th {grads} is applied, the rest are lost (SILENT); add them up first",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)
_ALTERNATING = re.compile(r"critic|delay|policy|actor|disc|gen|target|n_d|n_g|freq", re.IGNORECASE)


@rule.method("apply_gradients")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    condition = every_kth(file, call)
    if condition is None or applies_others(file, call):
        return
    loop = file.enclosing(condition, *LOOPS, *FUNCTIONS)
    if not isinstance(loop, LOOPS):
        return
    match given_pairs(call):
        case [ast.Call(func=ast.Name(id="zip"), args=[ast.Name() as grads, _])]:
            pass
        case _:
            return
    bindings = reaching(file, grads)
    if len(bindings) != 1 or bindings[0].kind != "assign":
        return
    statement = bindings[0].node
    around = list(file.ancestors(statement))
    if loop not in around or condition in around:
        return
    if not all(is_gradient_call(end.file, end.node) for end in origins(file, grads)):
        return
    if used_elsewhere(file, loop, grads, statement):
        return
    yield rule.at(call, grads=grads.id)


def every_kth(file: File, call: ast.Call) -> ast.If | None:
    """The `if step % k == 0:` in whose body a call stands, with nothing but it in between."""
    child: ast.AST = file.statement(call)
    above = file.parent(child)
    if not isinstance(above, ast.If) or child not in above.body:
        return None
    remainders = [
        node for node in file.inside(above.test)[ast.BinOp] if isinstance(node.op, ast.Mod)
    ]
    if not remainders or any(_ALTERNATING.search(ast.unparse(node)) for node in remainders):
        return None
    return above
