"""A training step by hand that leaves out the losses of the layers.

## Why

SILENT. `kernel_regularizer=`, `activity_regularizer=` and `add_loss` put their terms into
`model.losses`; `fit()` adds them, a step written by hand has to. The regulariser is built, is
computed, and does nothing. Measured on Keras 3.15: with `kernel_regularizer=L2(0.1)` the weights'
norm ends at 2.00, as without, instead of 1.78.

## Bad

```python
import keras
import tensorflow as tf

keras.utils.set_random_seed(0)
l2 = keras.regularizers.L2(0.1)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, kernel_regularizer=l2)])
optimizer = keras.optimizers.SGD(0.1)
x = tf.random.normal((64, 4), seed=1)
y = tf.reduce_sum(x, axis=1, keepdims=True)

for _ in range(100):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)  # XFR226
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## Good

```python
import keras
import tensorflow as tf

keras.utils.set_random_seed(0)
l2 = keras.regularizers.L2(0.1)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, kernel_regularizer=l2)])
optimizer = keras.optimizers.SGD(0.1)
x = tf.random.normal((64, 4), seed=1)
y = tf.reduce_sum(x, axis=1, keepdims=True)

for _ in range(100):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2) + sum(model.losses)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## When it stays quiet

- The file, or one that the step's functions stand in, reads `.losses`, calls `compute_loss` or
  `compiled_loss` (which add them), or computes the penalty itself (`tf.nn.l2_loss`, a regulariser
  that is called).
- The layers of the model cannot be seen, or the regulariser may be None.
- The gradient is not that of the model's own weights.

## Fix

`loss += sum(model.losses)` inside the block, after the forward pass.

## Seen at run time

`training_smoke`: `layer-losses`. `parity`: `one-step` (the step by hand against `fit`'s).

## References

- https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/
- https://keras.io/api/layers/regularizers/
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from ...model.models import Layer, class_lineage, held, layers, within
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import function_of, origins
from ...source.project import Symbol
from ...source.walk import File, remembered
from ...tape.tape_blocks import Taken, taken, weight_holders

rule = Rule(
    __name__,
    name="layer-losses-ignored",
    message="{what} does nothing here (SILENT); add sum({model}.losses) to the loss",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)

# Keras' methods that add the losses of the layers.
_ADDING = ("compute_loss", "compiled_loss", "_compute_losses")
_UPDATES = ("apply_gradients", "apply", "assign_sub", "assign", "minimize")


@rule.method("gradient")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    asked = taken(file, call)
    if asked is None or not any(name in file.calls_by_name for name in _UPDATES):
        return
    for model in weight_holders(file, [asked.sources]):
        name = file.dotted(model)
        if name is None or any(map(reads_losses, files_of(asked))):
            continue
        what = penalty(made_of(file, model))
        if what is not None:
            yield rule.at(call, model=name, what=what)
            return


def files_of(asked: Taken) -> Iterator[File]:
    """The file of the step, and those in which the functions that it calls stand."""
    yield asked.file
    function = asked.file.function(asked.block)
    for call in asked.file.inside(function or asked.block)[ast.Call]:
        callee = function_of(asked.file, call.func)
        if callee is not None and callee.file is not asked.file:
            yield callee.file


@remembered
def reads_losses(file: File) -> bool:
    """Whether a file reads the losses of some model's layers, or has its own penalty."""
    return (
        any(
            node.attr == "losses" and isinstance(node.ctx, ast.Load) and not file.qualified(node)
            for node in file.index[ast.Attribute]
        )
        or "l2_loss" in file.calls_by_name
        or any(
            isinstance(call.func, ast.Attribute) and function_of(file, call.func) is None
            for name in _ADDING
            for call in file.calls_by_name.get(name, ())
        )
        or any("regulari" in name.lower() and name[0].islower() for name in _called(file))
    )


def _called(file: File) -> Iterator[str]:
    """The names of what is called, those of the framework's own classes and factories left out."""
    for name, calls in file.calls_by_name.items():
        if not all(file.qualified(call.func) for call in calls):
            yield name


def made_of(file: File, model: ast.expr) -> Iterable[Layer]:
    """The layers of a model, outermost first."""
    if isinstance(model, ast.Name) and model.id == "self":
        cls = file.method_class(model)
        if cls is None:
            return
        own = Symbol(file, cls)
        if adds_losses(own):
            yield Layer(file, ast.Call(model, [], []), cls=own)
        outermost = held(own).layers
    else:
        outermost = layers(file, model).layers
    for layer in outermost:
        yield from within(layer)


def penalty(found: Iterable[Layer]) -> str | None:
    """What puts a term into `losses`, by the keyword or method that says so."""
    for layer in found:
        if layer.cls is not None and adds_losses(layer.cls):
            return "add_loss"
        if layer.name == "keras.layers.ActivityRegularization":
            return "ActivityRegularization"
        for keyword in layer.call.keywords:
            if (keyword.arg or "").endswith("_regularizer") and is_given(layer.file, keyword.value):
                assert keyword.arg is not None
                return keyword.arg
    return None


@remembered
def adds_losses(symbol: Symbol) -> bool:
    return class_lineage(symbol).is_keras_layer and any(
        call.func.value.id == "self"
        for at in class_lineage(symbol).classes
        for call in at.file.inside(at.node)[ast.Call]
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "add_loss"
        and isinstance(call.func.value, ast.Name)
    )


def is_given(file: File, value: ast.expr) -> bool:
    """Whether a regulariser is surely one: made in sight, or named by a string."""
    ends = origins(file, value)
    return all(
        end.callee.startswith("keras.regularizers.")
        or (isinstance(end.node, ast.Constant) and isinstance(end.node.value, str))
        for end in ends
    )
