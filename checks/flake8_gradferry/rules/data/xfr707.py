"""Predictions and labels taken from shuffled data in two passes.

## Why

SILENT. A dataset with `.shuffle()` in it, `image_dataset_from_directory` and `flow_from_directory`
give their samples in another order each time, unless told not to (`shuffle=False` is not their
default). `model.predict(ds)` runs through it once, reading the labels runs through it again, and
`generator.classes` are in the order of the files: predictions and labels do not belong together.
The confusion matrix looks like chance while `evaluate` is fine. Measured on two balanced classes
and a perfect model: accuracy 0.5 instead of 1.

## Bad

```python
import keras
import numpy as np
import tensorflow as tf

x = np.arange(256, dtype="float32").reshape(-1, 1) % 2
test_ds = tf.data.Dataset.from_tensor_slices((x, x)).shuffle(256).batch(32)

model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="ones")])
predictions = model.predict(test_ds, verbose=0)  # XFR707
labels = np.concatenate([y for _, y in test_ds])
accuracy = np.mean(predictions == labels)
```

## Good

```python
import keras
import numpy as np
import tensorflow as tf

x = np.arange(256, dtype="float32").reshape(-1, 1) % 2
test_ds = tf.data.Dataset.from_tensor_slices((x, x)).batch(32)

model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="ones")])
predictions = model.predict(test_ds, verbose=0)
labels = np.concatenate([y for _, y in test_ds])
accuracy = np.mean(predictions == labels)
```

## When it stays quiet

- `shuffle=False`, `reshuffle_each_iteration=False`, or a `.cache()` behind the shuffle.
- Predictions and labels come from the same pass: `for x, y in ds: model.predict(x)`.
- It cannot be seen how the data was made.

## Fix

Do not shuffle what is evaluated (`shuffle=False`), or collect labels and predictions in one loop.

## Seen at run time

Nothing shows it at run time; `model.evaluate` against the accuracy of `predict` does.

## References

- https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle
- https://keras.io/api/data_loading/image/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import End, Value, made_by
from ...source.infer import reaching
from ...source.values import Trace, constant
from ...source.walk import COMPREHENSIONS, File

rule = Rule(
    __name__,
    name="predictions-in-shuffled-order",
    message="predict shuffles {name} anew (SILENT: labels do not match); pass shuffle=False",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
)

_GENERATORS = ("flow_from_directory", "flow_from_dataframe")
_FROM_DIRECTORY = frozenset(
    f"keras.{module}.{kind}_dataset_from_directory"
    for module in ("utils", "preprocessing", "preprocessing.image", "preprocessing.text")
    for kind in ("image", "text", "audio")
)
_READ_IN_ORDER = ("classes", "labels", "filenames", "filepaths")
_PREDICTS = ("predict", "predict_on_batch", "call")


@rule.method("predict", "predict_generator")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    given = [*call.args[:1], *(k.value for k in call.keywords if k.arg in ("x", "generator"))]
    if not given or not isinstance(given[0], ast.Name):
        return
    data = given[0]
    ends = Trace().ends(Value(file, data))
    if not labels_read(file, data):
        return
    if all(is_shuffled(end) for end in ends):
        yield rule.at(call, name=data.id)


def is_shuffled(end: End) -> bool:
    """Whether each pass over a dataset or generator comes in another order."""
    call = end.value.node
    if not isinstance(call, ast.Call) or end.path:
        return False
    told = {item.arg: item.value for item in call.keywords}
    if made_by(end.value) in _FROM_DIRECTORY:
        return None not in told and shuffles(end.value, told.get("shuffle"))
    match call.func:
        case ast.Attribute(attr="shuffle"):
            return shuffles(end.value, told.get("reshuffle_each_iteration"))
        case ast.Attribute(attr=method) if method in _GENERATORS:
            return None not in told and shuffles(end.value, told.get("shuffle"))
        case ast.Attribute(attr="cache"):
            return False  # the order of the first pass is kept
        case ast.Attribute(value=inner) if not end.value.file.qualified(call.func):
            ends = list(Trace().ends(end.value.at(inner)))
            return bool(ends) and all(is_shuffled(before) for before in ends)
    return False


def shuffles(value: Value, told: ast.expr | None) -> bool:
    return told is None or constant(value.at(told)) is True


def labels_read(file: File, data: ast.Name) -> bool:
    """Whether the labels are read from the same data in a pass of its own."""
    scope = file.scope(data)
    bindings = [binding.node for binding in reaching(file, data)]
    for name in file.inside(scope.node)[ast.Name]:
        if name.id != data.id or name is data or not isinstance(name.ctx, ast.Load):
            continue
        if reads_labels(file, name) and [b.node for b in reaching(file, name)] == bindings:
            return True
    return False


def reads_labels(file: File, name: ast.Name) -> bool:
    """Whether an occurrence of the data is one in which its labels alone are taken out."""
    above = file.parent(name)
    if isinstance(above, ast.Attribute):
        if above.attr in _READ_IN_ORDER:
            return True
        call = file.parent(above)
        match call:
            case ast.Call(func=func, args=[ast.Lambda() as taken]) if func is above:
                return above.attr == "map" and gives_second(taken)
            case ast.Call() if above.attr in ("unbatch", "as_numpy_iterator"):
                above = file.parent(call)
            case _:
                return False
    match above:
        case ast.comprehension(target=target):
            around = file.parent(above)
            assert isinstance(around, COMPREHENSIONS)
            taken_out = around.value if isinstance(around, ast.DictComp) else around.elt
            return is_second(file, target, taken_out)
        case ast.For(target=target):
            inside = file.inside(above)
            runs = any(
                isinstance(c.func, ast.Name) or getattr(c.func, "attr", "") in _PREDICTS
                for c in inside[ast.Call]
                if c is not above.iter and not is_harmless(c)
            )
            added = [c.args[0] for c in inside[ast.Call] if is_append(c)]
            return not runs and bool(added) and all(is_second(file, target, a) for a in added)
    return False


def gives_second(function: ast.Lambda) -> bool:
    """`lambda x, y: y`."""
    match function:
        case ast.Lambda(args=ast.arguments(args=[_, second]), body=ast.Name(id=word)):
            return second.arg == word
    return False


def is_second(file: File, target: ast.expr, taken: ast.expr) -> bool:
    """Whether what is taken out of a pair is its second part alone."""
    match target:
        case ast.Tuple(elts=[ast.Name(id=first), ast.Name(id=second)]):
            names = {node.id for node in file.inside(taken)[ast.Name]}
            return second in names and (first not in names or first == second)
    return False


def is_append(call: ast.Call) -> bool:
    match call:
        case ast.Call(func=ast.Attribute(attr="append" | "extend"), args=[_]):
            return True
    return False


def is_harmless(call: ast.Call) -> bool:
    match call.func:
        case ast.Name(id="list" | "print" | "len" | "int" | "tqdm" | "enumerate"):
            return True
    return False
