"""A persistent tape that is asked once, or kept.

## Why

SILENT. A persistent tape holds every intermediate result until it is deleted; one that is asked
once needs none of it, and one that is kept on an object or in a list holds a whole step's memory.
Measured on TensorFlow 2.21: ten kept tapes of a small model hold 126 MiB.

## Bad

```python
import tensorflow as tf

w = tf.Variable(2.0)
with tf.GradientTape(persistent=True) as tape:  # XFR903
    loss = w * w
gradient = tape.gradient(loss, w)
```

## Good

```python
import tensorflow as tf

w = tf.Variable(2.0)
with tf.GradientTape() as tape:
    loss = w * w
gradient = tape.gradient(loss, w)

with tf.GradientTape(persistent=True) as tape:
    loss = w * w
    penalty = tf.abs(w)
gradients = tape.gradient(loss, w), tape.gradient(penalty, w)
del tape
```

## When it stays quiet

- The tape is asked twice, in a loop or a comprehension, is handed on, or is asked inside its block.

## Fix

Drop `persistent=True`.

## Seen at run time

`training_smoke`: `memory` (for a tape that is kept).

## References

- https://www.tensorflow.org/api_docs/python/tf/GradientTape#args
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import COMPREHENSIONS, LOOPS, File
from ...tape.tape_blocks import Taken, all_taken
from ...tape.tapes import TAPE, is_persistent

rule = Rule(
    __name__,
    name="persistent-tape-kept",
    message="{tape} is asked once, yet keeps all it recorded (SILENT); drop persistent=True",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="torch->keras",
)
KEPT = "{tape} is kept, with all that it recorded (SILENT); keep the gradients, del {tape}"


@rule.call(TAPE)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    if is_persistent(call) is not True:
        return
    asked = [found for found in all_taken(file) if found.tape is call]
    if not asked:
        return
    name = asked[0].name
    uses = other_uses(file, asked[0])
    if any(is_kept(file, use) for use in uses):
        yield rule.at(call, KEPT, tape=name)
    elif not uses and len(asked) == 1 and not asked_again(file, asked[0]):
        yield rule.at(call, tape=name)


def other_uses(file: File, asked: Taken) -> list[ast.Name]:
    """Where the tape is read for something else than its own methods."""
    function = file.function(asked.block)
    inside = file.inside(function) if function is not None else file.index
    return [
        name
        for name in inside[ast.Name]
        if name.id == asked.name
        and isinstance(name.ctx, ast.Load)
        and not isinstance(file.parent(name), (ast.Attribute, ast.withitem))
    ]


def is_kept(file: File, use: ast.Name) -> bool:
    """Whether a tape is put on an object or into a list."""
    match file.parent(use):
        case ast.Assign(targets=[ast.Attribute()]):
            return True
        case ast.Call(func=ast.Attribute(attr="append")):
            return True
    return False


def asked_again(file: File, asked: Taken) -> bool:
    """Whether the call may run more often than its block, or inside of it."""
    if asked.holds(asked.call):
        return True
    outside = set(file.ancestors(asked.block))
    return any(
        isinstance(above, (*LOOPS, *COMPREHENSIONS)) and above not in outside
        for above in file.ancestors(asked.call)
    )
