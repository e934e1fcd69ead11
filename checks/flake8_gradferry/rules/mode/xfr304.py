"""`training=True` in code that evaluates a Keras model.

## Why

SILENT. `model(x, training=True)` drops units and normalizes by the batch at hand, and each such
call moves the batch norm's statistics, with the test data too. Copied from the training step, or
taken for Keras' word for "the trained model". Measured on Keras 3.15: with batches of two the
accuracy below is 0.78, with `training=False` 1.00, and two passes differ.

## Bad

```python
import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.default_rng(0).normal(size=(256, 4)).astype("float32")
y = (x[:, 0] > 0).astype("int64")
norm = keras.layers.BatchNormalization()
model = keras.Sequential([norm, keras.layers.Dense(32, "relu"), keras.layers.Dense(2)])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(x, y, epochs=30, verbose=0)


def evaluate(x, y):
    outputs = [model(x[i : i + 2], training=True) for i in range(0, len(x), 2)]  # XFR304
    return (np.concatenate(outputs).argmax(1) == y).mean()


accuracy = evaluate(x, y)
```

## Good

```python
import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.default_rng(0).normal(size=(256, 4)).astype("float32")
y = (x[:, 0] > 0).astype("int64")
norm = keras.layers.BatchNormalization()
model = keras.Sequential([norm, keras.layers.Dense(32, "relu"), keras.layers.Dense(2)])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(x, y, epochs=30, verbose=0)


def evaluate(x, y):
    outputs = [model(x[i : i + 2], training=False) for i in range(0, len(x), 2)]
    return (np.concatenate(outputs).argmax(1) == y).mean()


accuracy = evaluate(x, y)
```

## When it stays quiet

- Functions that are not named for an evaluation or prediction, or that take gradients.
- The same inputs run again and again: Monte Carlo dropout, by what it does or by its name.
- Generators (pix2pix samples in training mode on purpose), tests, and functions that run the
  model both ways to compare.
- Nothing in the model depends on the mode.

## Fix

Write `training=False`, or leave it out: it is the default outside `fit`.

## Seen at run time

`training_smoke`: `modes` (two passes in evaluation differ) and `batch-independence`.

## References

- https://keras.io/getting_started/faq/#whats-the-difference-between-the-training-argument-in-call-and-the-trainable-attribute
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...loop.evaluation import is_evaluation, is_held_out, is_test
from ...model.models import layers
from ...model.modes import any_dependent, class_dependent, on_purpose
from ...rule import Confidence, Finding, Harm, Rule
from ...source.project import Symbol
from ...source.versions import spellings
from ...source.walk import COMPREHENSIONS, FUNCTIONS, File

rule = Rule(
    __name__,
    name="training-true-in-evaluation",
    message="{model} is evaluated in training mode (SILENT); pass training=False",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)

_SAMPLED = re.compile(r"gen|mc|bayes|ensemble|stochastic|teacher|augment", re.IGNORECASE)
_OTHERS = frozenset(("flax", "haiku", "jax", "equinox", "sonnet", "mxnet", "paddle"))


@rule.node(ast.FunctionDef)
def check_function(file: File, function: ast.FunctionDef) -> Iterator[Finding]:
    if is_evaluation(function):
        yield from evaluated(file, function)


@rule.node(ast.For)
def check_loop(file: File, loop: ast.For) -> Iterator[Finding]:
    if is_held_out(file, loop):
        yield from evaluated(file, loop)


def evaluated(file: File, root: ast.AST) -> Iterator[Finding]:
    """The calls below `root` that run a Keras model in training mode."""
    if not is_keras_alone(file) or is_test(file) or takes_gradients(file, root):
        return
    for call in file.inside(root)[ast.Call]:
        if tells(call, True) and is_meant_to_rest(file, call) and not compares(file, call):
            yield rule.at(call, model=ast.unparse(call.func))


def tells(call: ast.Call, training: bool) -> bool:
    """Whether a call passes this `training` as a constant."""
    return any(
        keyword.arg == "training"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is training
        for keyword in call.keywords
    )


def compares(file: File, call: ast.Call) -> bool:
    """Whether the same function runs the model both ways, to show the difference."""
    inside = file.inside(file.function(call) or file.tree, nested=False)
    name = file.dotted(call.func)
    return any(file.dotted(c.func) == name and tells(c, False) for c in inside[ast.Call])


def is_keras_alone(file: File) -> bool:
    roots = {name.partition(".")[0] for name in spellings(file).values()}
    return not roots.isdisjoint(("keras", "tensorflow", "tf_keras")) and roots.isdisjoint(_OTHERS)


def takes_gradients(file: File, root: ast.AST) -> bool:
    inside = file.inside(root)
    names = {node.attr for node in inside[ast.Attribute]} | {node.id for node in inside[ast.Name]}
    return not names.isdisjoint(("GradientTape", "gradient", "apply_gradients", "fit"))


def is_meant_to_rest(file: File, call: ast.Call) -> bool:
    """Whether a model that may depend on the mode is run for its answer, not for its spread."""
    name = file.dotted(call.func)
    if name is None or _SAMPLED.search(name) or on_purpose(file, call) or runs_again(file, call):
        return False
    if name == "self":
        cls = file.method_class(call)
        return cls is not None and class_dependent(Symbol(file, cls)) is not False
    if file.qualified(call.func) is not None:
        return False
    found = layers(file, call.func)
    return any_dependent(found) is not False if found.layers else not found.complete


def runs_again(file: File, call: ast.Call) -> bool:
    """Whether a loop around the call gives it the same inputs at each turn."""
    given = {name.id for argument in call.args for name in file.inside(argument)[ast.Name]}
    for above in file.ancestors(call):
        if isinstance(above, FUNCTIONS):
            return False
        targets: list[ast.expr] = []
        if isinstance(above, COMPREHENSIONS):
            targets = [part.target for part in above.generators]
        elif isinstance(above, ast.For):
            targets = [above.target]
        if targets or isinstance(above, ast.While):
            bound = {name.id for target in targets for name in file.inside(target)[ast.Name]}
            bound |= {n.id for n in file.inside(above)[ast.Name] if isinstance(n.ctx, ast.Store)}
            return given.isdisjoint(bound)
    return False
