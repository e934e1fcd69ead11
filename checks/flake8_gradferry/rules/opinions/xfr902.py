"""A persistent tape asked for its gradient inside its own block.

## Why

SILENT. A persistent tape goes on recording until its block ends, so a `gradient()` inside it
records the backward pass too, for a second derivative that nobody takes. The values are right; the
step is slower and holds more memory. Measured on TensorFlow 2.21: 25.8 ms a step inside the block,
23.3 ms outside.

## Bad

```python
import tensorflow as tf

w = tf.Variable(2.0)
with tf.GradientTape(persistent=True) as tape:
    loss = w * w
    gradient = tape.gradient(loss, w)  # XFR902
del tape
```

## Good

```python
import tensorflow as tf

w = tf.Variable(2.0)
with tf.GradientTape() as tape:
    loss = w * w
gradient = tape.gradient(loss, w)
```

## When it stays quiet

- The tape is not persistent: it stops recording at `gradient()`.
- It stands in `with tape.stop_recording():`.
- Another gradient is taken from the tape, or a tape stands around it: a second derivative, as
  physics-informed networks need it.

## Fix

Move the line out of the block.

## Seen at run time

Nowhere: the values are right.

## References

- https://www.tensorflow.org/api_docs/python/tf/GradientTape#args
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File
from ...tape.tape_blocks import all_taken, innermost_tape, taken
from ...tape.tapes import is_persistent

rule = Rule(
    __name__,
    name="gradient-inside-tape",
    message="{tape} records its own backward pass here (SILENT); move this out of the with",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="torch->keras",
)


@rule.method("gradient")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    asked = taken(file, call)
    if asked is None or is_persistent(asked.tape) is not True or not asked.holds(call):
        return
    if (
        innermost_tape(file, asked.block) is not None
        or innermost_tape(file, call) is not asked.block
    ):
        return
    stops = file.calls_by_name.get("stop_recording", ())
    if any(file.statement(stop) in file.ancestors(call) for stop in stops):
        return
    if sum(other.tape is asked.tape for other in all_taken(file)) > 1:
        return
    yield rule.at(call, tape=asked.name)
