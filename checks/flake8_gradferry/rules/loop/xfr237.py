"""A tape that was told to watch nothing, or a variable that tapes do not watch.

## Why

SILENT. A `tf.GradientTape` watches trainable variables by itself. With
`watch_accessed_variables=False` it watches what `tape.watch()` names and nothing else, and a
variable made with `trainable=False` is never watched by itself. Measured on TensorFlow 2.21: the
gradients are None, without a word.

## Bad

```python
import tensorflow as tf

w = tf.Variable(2.0)
with tf.GradientTape(watch_accessed_variables=False) as tape:  # XFR237
    loss = w * w
gradient = tape.gradient(loss, w)
```

```python
import tensorflow as tf

w = tf.Variable(2.0, trainable=False)
with tf.GradientTape() as tape:
    loss = w * w
gradient = tape.gradient(loss, w)  # XFR237
```

## Good

```python
import tensorflow as tf

w = tf.Variable(2.0)
with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(w)
    loss = w * w
gradient = tape.gradient(loss, w)
```

```python
import tensorflow as tf

w = tf.Variable(2.0, trainable=False)
with tf.GradientTape() as tape:
    tape.watch(w)
    loss = w * w
gradient = tape.gradient(loss, w)
```

## When it stays quiet

- The function calls `watch` on the tape, or hands the tape to a function that may.
- Whether the variable is trainable cannot be seen.

## Fix

`tape.watch(w)` at the top of the block, or drop `watch_accessed_variables=False`.
`unconnected_gradients=tf.UnconnectedGradients.ZERO` only where a gradient of zero is meant.

## Seen at run time

`training_smoke` with your own `step`: `gradients` (no weight gets one).

## References

- https://www.tensorflow.org/guide/autodiff#controlling_what_the_tape_watches
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins
from ...source.walk import File
from ...tape.tape_blocks import sources_of, taken, watched
from ...tape.tapes import GRADIENT_METHODS, TAPE

rule = Rule(
    __name__,
    name="nothing-watched",
    message="{tape} watches nothing: its gradients are None (SILENT); {tape}.watch(variables)",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
)
FROZEN = "{weights} is trainable=False: its gradient is None (SILENT); {tape}.watch({weights})"


@rule.call(TAPE)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    match argument(call, "watch_accessed_variables", 1):
        case ast.Constant(value=False):
            pass
        case _:
            return
    calls = [call for method in GRADIENT_METHODS for call in file.calls_by_name.get(method, ())]
    for asking in calls:
        asked = taken(file, asking)
        if asked is not None and asked.tape is call and watched(asked) == []:
            yield rule.at(call, tape=asked.name)
            return


@rule.method("gradient", "jacobian", "batch_jacobian")
def check_source(file: File, call: ast.Call) -> Iterator[Finding]:
    asked = taken(file, call)
    if asked is None:
        return
    for source in sources_of(asked):
        name = file.dotted(source)
        if name is None or not all(is_frozen(end.call) for end in origins(file, source)):
            continue
        if not all(end.callee == "tensorflow.Variable" for end in origins(file, source)):
            continue
        seen = watched(asked)
        if seen is not None and not any(file.dotted(node) == name for node in seen):
            yield rule.at(call, FROZEN, weights=name, tape=asked.name)


def is_frozen(call: ast.Call | None) -> bool:
    """Whether a variable is made with `trainable=False`."""
    match argument(call, "trainable", 1) if call is not None else None:
        case ast.Constant(value=False):
            return True
    return False
