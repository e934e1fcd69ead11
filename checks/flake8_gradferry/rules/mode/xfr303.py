"""A Keras model run without `training=True` in a training step written by hand.

## Why

SILENT. `model(x)` runs a Keras model as in evaluation: Dropout lets everything through and
BatchNormalization uses, and never updates, its moving statistics. In PyTorch the mode is set once
with `model.train()` and every call follows it; Keras is told at each call. Measured on Keras 3.15:
after the steps below the moving mean of the batch norm is still 0, with `training=True` it has
moved.

## Bad

```python
import keras
import numpy as np
import tensorflow as tf

x = np.random.default_rng(0).normal(3.0, 2.0, (64, 4)).astype("float32")
norm = keras.layers.BatchNormalization()
model = keras.Sequential([norm, keras.layers.Dense(8), keras.layers.Dropout(0.5)])
optimizer = keras.optimizers.SGD(0.01)

for _ in range(3):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x) ** 2)  # XFR303
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## Good

```python
import keras
import numpy as np
import tensorflow as tf

x = np.random.default_rng(0).normal(3.0, 2.0, (64, 4)).astype("float32")
norm = keras.layers.BatchNormalization()
model = keras.Sequential([norm, keras.layers.Dense(8), keras.layers.Dropout(0.5)])
optimizer = keras.optimizers.SGD(0.01)

for _ in range(3):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## When it stays quiet

- The tape's gradient is not that of the model's own weights: the other half of a GAN, saliency
  maps, style transfer, derivatives by the inputs.
- `training` is passed, by keyword or position, or is True by the model's own default.
- Nothing in the model is seen to depend on the mode.
- The model is frozen (`model.trainable = False`), or the learning phase is set for all.

## Fix

Write `model(x, training=True)` in the training step and leave evaluation as it is.

## Seen at run time

`training_smoke` with your own `step`: `modes` (dropout and batch norm do not act in the step).

## References

- https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/
- https://www.tensorflow.org/api_docs/python/tf/keras/layers/BatchNormalization
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.models import forward, layers, within
from ...model.modes import class_dependent, layer_dependent
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import argument_for, calls_of, function_of
from ...source.project import Symbol
from ...source.walk import FUNCTIONS, File, Function, remembered
from ...tape.tape_blocks import innermost_tape, same_model, tape_names, trained_models

rule = Rule(
    __name__,
    name="missing-training-true",
    message="{model}(...) runs in evaluation mode in this step (SILENT); pass training=True",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
)


@rule.node(ast.With)
def check(file: File, block: ast.With) -> Iterator[Finding]:
    tapes = tape_names(file, block)
    if not tapes:
        return
    trained: list[ast.expr] | None = None
    for call, run in runs(file, block):
        if trained is None:
            trained = list(trained_models(file, block, tapes))
        if any(same_model(file, model, run) for model in trained) and acts_in_training(file, call):
            yield rule.at(call, model=file.dotted(call.func) or "model")


def runs(file: File, block: ast.With) -> Iterator[tuple[ast.Call, ast.expr]]:
    """The calls under the tape that may run a model without `training`, with the model as the
    block names it; calls in functions of the file that are only run under tapes count too."""
    queue: list[tuple[ast.AST, dict[str, ast.expr]]] = [(block, {})]
    seen: set[ast.AST] = set()
    for root, arguments in queue:  # grows while it is read
        for call in file.inside(root)[ast.Call]:
            if root is block and innermost_tape(file, call) is not block:
                continue
            if is_bare_run(file, call):
                name = call.func.id if isinstance(call.func, ast.Name) else ""
                yield call, arguments.get(name, call.func)
            helper = function_of(file, call.func)
            if (
                helper is None
                or helper.file is not file
                or helper.node in seen
                or not isinstance(helper.node, FUNCTIONS)
                or not only_under_tapes(file, helper.node, seen)
            ):
                continue
            seen.add(helper.node)
            args = helper.node.args
            given = {
                arg.arg: value
                for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)
                if (value := argument_for(helper, call, arg)) is not None
            }
            for name, value in given.items():
                if isinstance(value, ast.Name):
                    given[name] = arguments.get(value.id, value)
            queue.append((helper.node, given))


def only_under_tapes(file: File, function: Function, known: set[ast.AST]) -> bool:
    """Whether every call of a function in the file stands under a tape, or in such a function."""
    return all(
        innermost_tape(file, call) is not None or file.function(call) in known
        for call in calls_of(file, function)
    )


def is_bare_run(file: File, call: ast.Call) -> bool:
    """Whether a call may run a model and passes no `training`, as far as its text says."""
    if not call.args or any(keyword.arg in ("training", None) for keyword in call.keywords):
        return False
    if any(isinstance(item, ast.Starred) for item in call.args):
        return False
    return file.dotted(call.func) is not None and file.qualified(call.func) is None


def acts_in_training(file: File, call: ast.Call) -> bool:
    """Whether every model that the call may run depends on the mode, and is not told it here."""
    if is_frozen(file, call.func):
        return False
    if isinstance(call.func, ast.Name) and call.func.id == "self":
        cls = file.method_class(call)
        own = Symbol(file, cls) if cls is not None else None
        return own is not None and class_dependent(own) is True and not is_told(own, call)
    found = layers(file, call.func)
    if not found.layers or not found.complete:
        return False
    inside = [inner for layer in found.layers for inner in within(layer) if inner.cls is not None]
    return (
        all(layer_dependent(layer) for layer in found.layers)
        and not any(layer.cls and is_told(layer.cls, call) for layer in found.layers)
        and not any(layer.cls and trains_unless_told(layer.cls) for layer in inside)
    )


def trains_unless_told(symbol: Symbol) -> bool:
    """Whether a `call` asks if `training is not False`, and so trains when nothing is said."""
    run = forward(symbol)
    return run is not None and any(
        isinstance(test.ops[0], (ast.IsNot, ast.NotEq))
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value is False
        for test in run.file.inside(run.node)[ast.Compare]
    )


def is_told(symbol: Symbol, call: ast.Call) -> bool:
    """Whether the class takes `training` by a position that the call fills, or is True itself."""
    run = forward(symbol)
    if run is None or not isinstance(run.node, FUNCTIONS):
        return len(call.args) > 1
    args = run.node.args
    positional = [arg.arg for arg in (*args.posonlyargs, *args.args)][1:]
    if "training" in positional[: len(call.args)] or len(call.args) > len(positional):
        return True
    if any("train" in name for name in positional if name != "training"):
        return True
    defaults = dict(zip(reversed(positional), reversed(args.defaults), strict=False))
    defaults |= {
        arg.arg: default
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
        if default is not None
    }
    match defaults.get("training"):
        case None | ast.Constant(value=None | False):
            return False
    return True


def is_frozen(file: File, model: ast.expr) -> bool:
    """Whether the file switches the model's training off, or the learning phase on for all."""
    if "set_learning_phase" in file.calls_by_name:
        return True
    return file.dotted(model) in _frozen(file)


@remembered
def _frozen(file: File) -> set[str | None]:
    return {
        file.dotted(target.value)
        for assign in file.index[ast.Assign]
        for target in assign.targets
        if isinstance(target, ast.Attribute) and target.attr == "trainable"
    }
