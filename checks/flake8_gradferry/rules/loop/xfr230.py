"""A Keras `train_step` or `test_step` that returns no dict.

## Why

LOUD. `fit` and `evaluate` log what the step returns, so it has to return a dict of numbers by name;
a training step in torch returns what it likes. Observed on Keras 3.15: with nothing returned
`ValueError: Attr 'Toutput_types' of 'OptionalFromValue' Op passed list of length 0`, with the loss
alone `AttributeError: 'EagerTensor' object has no attribute 'items'`.

## Bad

```python
import keras
import numpy as np
import tensorflow as tf


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1)

    def call(self, x):
        return self.out(x)

    def train_step(self, data):  # XFR230
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))


model = Net()
model.compile(optimizer="sgd", loss="mse")
history = model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0).history
```

## Good

```python
import keras
import numpy as np
import tensorflow as tf


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1)

    def call(self, x):
        return self.out(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}


model = Net()
model.compile(optimizer="sgd", loss="mse")
history = model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0).history
```

## When it stays quiet

- The step is called by hand, or takes something else than one batch: then `fit` may never run it.
- Nothing says that the model is compiled: it reads neither `self.optimizer` nor `compute_loss` and
  has no `compile` of its own.
- The class makes its own `fit` or `make_train_function`, some base of it cannot be seen, or the
  step is there to be overridden.

## Fix

Return `{"loss": loss}`, or `{m.name: m.result() for m in self.metrics}` after the metrics were
updated.

## Seen at run time

`fit` raises in its first step.

## References

- https://keras.io/guides/custom_train_step_in_tensorflow/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.kinds import is_tensorflow_tensor
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import Lineage, lineage, returns, self_assignments
from ...source.walk import File, Function

rule = Rule(
    __name__,
    name="train-step-returns-nothing",
    message="{step}() of {model} returns nothing, fit() raises; return a dict of numbers",
    harm=Harm.LOUD,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)

TENSOR = "{step}() of {model} returns a tensor, fit() raises; return a dict of numbers"
_COMPILED = frozenset("optimizer compiled_loss compiled_metrics compute_loss loss".split())
_OWN_LOOP = ("fit", "make_train_function", "make_test_function", "train_function")


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    methods = file.methods(node) if node.bases else {}
    for name in ("train_step", "test_step"):
        step = methods.get(name)
        if step is None or not takes_a_batch(step) or is_called(file, name):
            continue
        family = lineage(file, node)
        if not family.is_keras_model or not family.complete or not is_for_fit(family):
            continue
        values = returns(file, step)
        if not values and not is_left_open(file, step):
            yield rule.at(step, step=name, model=node.name)
        elif values and all(is_tensorflow_tensor(file, value) for value in values):
            yield rule.at(step, TENSOR, step=name, model=node.name)


def takes_a_batch(step: Function) -> bool:
    args = step.args
    named = [*args.posonlyargs, *args.args]
    others = args.vararg or args.kwarg or args.kwonlyargs or args.defaults
    return len(named) == 2 and not others and not step.decorator_list


def is_called(file: File, name: str) -> bool:
    """Whether the file calls such a step itself, other than as `super().train_step(data)`."""
    return any(
        not (isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call))
        for call in file.calls_by_name.get(name, ())
    )


def is_for_fit(family: Lineage) -> bool:
    """Whether the class reads what `compile` sets, or has a `compile` of its own."""
    if any(family.method(name) is not None for name in _OWN_LOOP):
        return False
    if family.method("compile") is not None:
        return True
    own = {name for at in family.classes for name in self_assignments(at.file, at.node)}
    return any(
        node.attr in _COMPILED - own and at.file.dotted(node.value) == "self"
        for at in family.classes
        for node in at.file.inside(at.node)[ast.Attribute]
    )


def is_left_open(file: File, step: Function) -> bool:
    """Whether a step does nothing, or raises: it is there to be overridden."""
    inside = file.inside(step, nested=False)
    if inside[ast.Raise]:
        return True
    return all(isinstance(item, ast.Pass | ast.Expr) for item in step.body) and not inside[ast.Call]
