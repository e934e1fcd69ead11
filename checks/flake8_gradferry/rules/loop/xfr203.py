"""A second gradient from a tape that is not persistent.

## Why

LOUD. torch keeps the graph on request (`retain_graph=True`) and adds up in `.grad`; a
`tf.GradientTape` gives away what it recorded at the first `gradient()`, `jacobian()` or
`batch_jacobian()`. Observed on TensorFlow 2.21: `RuntimeError: A non-persistent GradientTape can
only be used to compute one set of gradients (or jacobians)`.

## Bad

```python
import tensorflow as tf

w, b = tf.Variable(2.0), tf.Variable(1.0)
with tf.GradientTape() as tape:
    loss = w * 3.0 + b
dw = tape.gradient(loss, w)
db = tape.gradient(loss, b)  # XFR203
```

```python
import tensorflow as tf

weights = [tf.Variable(2.0), tf.Variable(1.0)]
with tf.GradientTape() as tape:
    loss = weights[0] * 3.0 + weights[1]
grads = [tape.gradient(loss, w) for w in weights]  # XFR203
```

## Good

```python
import tensorflow as tf

w, b = tf.Variable(2.0), tf.Variable(1.0)
with tf.GradientTape() as tape:
    loss = w * 3.0 + b
dw, db = tape.gradient(loss, [w, b])

with tf.GradientTape(persistent=True) as tape:
    loss = w * 3.0 + b
    penalty = w * w
dloss = tape.gradient(loss, w)
dpenalty = tape.gradient(penalty, w)
del tape
```

## When it stays quiet

- `persistent=True`, or a value that cannot be seen.
- Branches of which only one runs, or two conditions that may exclude each other.
- A new tape for each turn of a loop, a tape entered again (`with tape:`), `tape.reset()`.
- Nested tapes for second derivatives: each is asked once.
- Code that expects the error: `pytest.raises`, `assertRaises`, `try`.

## Fix

One call for all variables: `dw, db = tape.gradient(loss, [w, b])`. For several losses
`tf.GradientTape(persistent=True)`, with `del tape` afterwards: it keeps all it recorded alive.

## Seen at run time

The first step raises, under `training_smoke` as anywhere.

## References

- https://www.tensorflow.org/api_docs/python/tf/GradientTape
- https://www.tensorflow.org/guide/advanced_autodiff
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File
from ...tape.tape_paths import reuses
from ...tape.tapes import TAPE

rule = Rule(
    __name__,
    name="tape-reused",
    message="{tape} is used up by its first gradient; ask once for [a, b], or persistent=True",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)


@rule.call(TAPE)
def check(file: File, node: ast.Call) -> Iterator[Finding]:
    for reuse in reuses(file, file.function(node) or file.tree):
        yield rule.at(reuse.call, tape=reuse.tape)
