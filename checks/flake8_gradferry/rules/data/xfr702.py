"""A `tf.data` shuffle that does not mix the samples.

## Why

SILENT. `DataLoader(shuffle=True)` draws every batch anew from all samples. `ds.batch(n).shuffle(k)`
shuffles whole batches: who is in a batch with whom is fixed for all epochs, in the order of the
files, which is often the order of the classes. `shuffle(1)` changes nothing at all, and a buffer of
one batch little. Measured on 1,024 samples sorted by class: with batch before shuffle no batch
holds both classes, the other way round all do.

## Bad

```python
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
y = np.repeat([0, 1], 512)
ds = tf.data.Dataset.from_tensor_slices(y).batch(32).shuffle(1024)  # XFR702
mixed = np.mean([0 < np.mean(batch) < 1 for batch in ds])
```

```python
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
y = np.repeat([0, 1], 512)
ds = tf.data.Dataset.from_tensor_slices(y).shuffle(1).batch(32)  # XFR702
mixed = np.mean([0 < np.mean(batch) < 1 for batch in ds])
```

## Good

```python
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
y = np.repeat([0, 1], 512)
ds = tf.data.Dataset.from_tensor_slices(y).shuffle(1024).batch(32)
mixed = np.mean([0 < np.mean(batch) < 1 for batch in ds])
```

## When it stays quiet

- The samples were shuffled before they were batched, or are batched again or taken apart afterwards
  (the first batches are windows of a sequence), or the batches are of size 1.
- It cannot be seen whether the dataset is batched; a dataset that is named for a test, validation
  or display.

## Fix

`ds.shuffle(buffer).batch(n)`, with a buffer as large as the data where memory allows.

## Seen at run time

Nothing shows it at run time.

## References

- https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value
from ...source.values import Trace, constant
from ...source.walk import File, position

rule = Rule(
    __name__,
    name="shuffled-in-batches",
    message="shuffle after batch keeps each batch together (SILENT); put shuffle before batch",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)

NOTHING = "a buffer of 1 shuffles nothing (SILENT); make it as large as the data"
ONE_BATCH = "a buffer of one batch, {size}, hardly shuffles (SILENT); make it larger"

_BATCHING = ("batch", "padded_batch", "ragged_batch")
# What makes single samples of batches again, or mixes them otherwise.
_UNDOING = ("unbatch", "flat_map", "interleave", "window", "shuffle", "rebatch")
# Who only looks at the data does not mind.
_NOT_TRAINING = re.compile(r"(?:^|_)(?:te?st|val|valid|validation|eval|dev|vis\w*|plot|show)", re.I)


@rule.method("shuffle")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    size = next((k.value for k in call.keywords if k.arg == "buffer_size"), None)
    size = size or (call.args[0] if call.args else None)
    if size is None or not uses_batches(file) or is_not_for_training(file, call):
        return
    assert isinstance(call.func, ast.Attribute)
    if is_unbatched(file, call):
        return
    following = batch_behind(file, call)
    if following is not None:
        if constant(Value(file, size)) == 1:
            yield rule.at(call, NOTHING)
        elif isinstance(size, ast.Name) and ast.dump(size) == ast.dump(following):
            yield rule.at(call, ONE_BATCH, size=size.id)
    elif is_batched(Value(file, call.func.value)) and not batched_later(file, call):
        yield rule.at(call)


def is_not_for_training(file: File, call: ast.Call) -> bool:
    """Whether what is shuffled goes by the name of a test or validation set."""
    match file.statement(call):
        case ast.Assign(targets=[target]):
            return _NOT_TRAINING.search((file.dotted(target) or "").rpartition(".")[2]) is not None
    return False


def uses_batches(file: File) -> bool:
    if not any(name in file.calls_by_name for name in _BATCHING):
        return False
    return any(name.startswith("tensorflow") for name in file.imports.values())


def batch_behind(file: File, call: ast.Call) -> ast.expr | None:
    """The size of the batches that are made of what was shuffled, in the same chain."""
    sizes = (c.args[0] for name, c in chained(file, call) if name in _BATCHING and c.args)
    return next(sizes, None)


def is_unbatched(file: File, call: ast.Call) -> bool:
    """Whether the chain takes the batches apart: what it shuffles are blocks of samples."""
    return any(name == "unbatch" for name, _ in chained(file, call))


def chained(file: File, call: ast.Call) -> Iterator[tuple[str, ast.Call]]:
    """The methods that are called on what a call gives, in the same expression."""
    node: ast.AST = call
    while True:
        match method := file.parent(node):
            case ast.Attribute(attr=name, value=value) if value is node:
                above = file.parent(method)
            case _:
                return
        if not isinstance(above, ast.Call) or above.func is not method:
            return
        yield name, above
        node = above


def is_batched(value: Value) -> bool:
    """Whether a dataset is seen to give batches: `ds.batch(32).map(...)`, through names."""
    ends = Trace().ends(value)
    found = [end for end in ends if not end.path]
    return bool(found) and all(gives_batches(end.value) for end in found)


def gives_batches(value: Value) -> bool:
    match value.node:
        case ast.Call(func=ast.Attribute(attr=method, value=inner), args=args):
            if method in _BATCHING:
                single = bool(args) and constant(value.at(args[0])) == 1
                return not single and not is_mixed(value.at(inner))
            return method not in _UNDOING and is_batched(value.at(inner))
    return False


def is_mixed(value: Value) -> bool:
    """Whether the samples were shuffled before they were put into batches."""
    for end in Trace().ends(value):
        match end.value.node:
            case ast.Call(func=ast.Attribute(attr=method, value=inner), args=args, keywords=told):
                if method in ("shuffle", "sample_from_datasets"):
                    return True
                if method.endswith("from_directory") or any(k.arg == "shuffle" for k in told):
                    return True
                if is_mixed(end.value.at(inner)) or any(is_mixed(end.value.at(a)) for a in args):
                    return True
            case ast.Call(func=ast.Name(), args=args):
                if any(is_mixed(end.value.at(a)) for a in args):
                    return True
    return False


def batched_later(file: File, call: ast.Call) -> bool:
    """Whether batches are made after the shuffle too: the first were windows, not batches."""
    function = file.function(call)
    inside = file.inside(function) if function is not None else file.index
    match file.statement(call):
        case ast.Assign(targets=[target]):
            name = file.dotted(target)
        case _:
            return False
    return any(
        isinstance(other.func, ast.Attribute)
        and other.func.attr in (*_BATCHING, "unbatch")
        and position(other) > position(call)
        and root(file, other) == name
        for other in inside[ast.Call]
    )


def root(file: File, node: ast.expr) -> str | None:
    """The name at which a chain of calls starts: `ds` of `ds.map(f).batch(32)`."""
    match node:
        case ast.Call(func=ast.Attribute(value=inner)):
            return root(file, inner)
    return file.dotted(node)
