"""`call` of a Keras model without a `training` parameter.

## Why

SILENT. `fit` tells a model that it is being trained by `training=True`, but only if the model's
`call` names that parameter (`**kwargs` does not count); without it Dropout and
BatchNormalization run as in evaluation from the first step to the last. A torch module learns its
mode from `train()` and `eval()`, so its `forward` needs no such parameter. Measured on Keras 3.15:
after `fit` the moving mean of the batch norm below is still 0, with the parameter it has moved.
Keras 2 passed the flag on to the layers inside all the same: such models trained well until 3.0.

## Bad

```python
import keras
import numpy as np


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()
        self.out = keras.layers.Dense(1)

    def call(self, x):  # XFR305
        return self.out(self.norm(x))


x = np.random.default_rng(0).normal(3.0, 2.0, (64, 4)).astype("float32")
net = Net()
net.compile("sgd", "mse")
net.fit(x, x[:, :1], epochs=2, verbose=0)
```

## Good

```python
import keras
import numpy as np


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()
        self.out = keras.layers.Dense(1)

    def call(self, x, training=None):
        return self.out(self.norm(x, training=training))


x = np.random.default_rng(0).normal(3.0, 2.0, (64, 4)).astype("float32")
net = Net()
net.compile("sgd", "mse")
net.fit(x, x[:, :1], epochs=2, verbose=0)
```

## When it stays quiet

- The file or the project's requirements are for Keras 2.
- Layers, and models that are parts of another layer or model (in the file itself, or by a name
  like `ResidualBlock`): there the flag reaches what is inside through the call around it.
- Nothing in the model is seen to depend on the mode (Dropout, BatchNormalization, noise, random
  augmentation, a layer of the project that takes `training`).
- Every such layer is given a `training=` of its own.
- The file, or one beside it that imports the class, runs the model by hand with `training=`, hands
  it to a trainer that cannot be seen, or sets the learning phase (Keras 2); the class has a
  `train_step` of its own.
- What depends on the mode is made under an `if`: `BatchNormalization() if norm == "batch"`.

## Fix

Add `training=None` to the parameters of `call`. Passing it on to the layers is good style;
Keras 3 does that by itself.

## Seen at run time

`training_smoke`: `modes` (dropout and batch norm do not act in training).

## References

- https://keras.io/guides/making_new_layers_and_models_via_subclassing/#privileged-training-argument-in-the-call-method
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...model.models import attributes, layers
from ...model.modes import any_dependent, forward_pass, only_chosen
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage, origins
from ...source.names import framework
from ...source.project import Symbol, importers, read, symbol_of
from ...source.walk import File, Function

rule = Rule(
    __name__,
    name="call-without-training",
    message="fit leaves {layer} of {cls} off (SILENT: no training flag); add training=None",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
    keras_3=True,
)

# What models are called that others are built of.
_BLOCK = re.compile(
    r"(attention|block|bottleneck|cell|conv|decoder|encoder|head|layer|module|residual|stem|unit)"
    r"_?\d*$",
    re.IGNORECASE,
)
# What takes a model and runs it: `EnasTrainer`, `dc.models.KerasModel`, `train`.
_TRAINER = re.compile(r"(?:^|\.)(?:[A-Z]\w*|\w*(?:train|fit|learn)\w*)$")


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    call = file.methods(node).get("call") if node.bases else None
    if call is None or any("train" in name or "test" in name for name in parameters(call)):
        return
    family = lineage(file, node)
    if not family.is_keras_model or family.method("train_step") is not None:
        return
    for name, found in attributes(Symbol(file, node)).items():
        if runs_without_mode(file, node, name) and any_dependent(found):
            if only_chosen(found):
                continue
            if not part_of_another(file, node) and not driven_by_hand(file, node):
                yield rule.at(call, cls=node.name, layer=name)
            return


def parameters(function: Function) -> list[str]:
    args = function.args
    return [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]


def runs_without_mode(file: File, cls: ast.ClassDef, name: str) -> bool:
    """Whether the forward pass uses `self.<name>` without a `training=` of its own."""
    for function in forward_pass(file, cls, "call"):
        inside = file.inside(function)
        passes = any(k.arg == "training" for k in inside[ast.keyword])
        for use in inside[ast.Attribute]:
            if use.attr == name and file.dotted(use.value) == "self":
                run = file.parent(use)
                called = isinstance(run, ast.Call) and run.func is use
                if not (gives_mode(run) if isinstance(run, ast.Call) and called else passes):
                    return True
    return False


def gives_mode(call: ast.Call) -> bool:
    return any(keyword.arg in ("training", None) for keyword in call.keywords)


def part_of_another(file: File, cls: ast.ClassDef) -> bool:
    """Whether the class is a building block: its instances are made inside another Keras class or
    for a Sequential, or, where the file makes none, its name says so."""
    made = [call for call in file.index[ast.Call] if is_named(call, cls.name)]
    if not made:
        return _BLOCK.search(cls.name) is not None
    return any(is_part(file, call, cls) for call in made)


def is_part(file: File, made: ast.Call, cls: ast.ClassDef) -> bool:
    holder = file.method_class(made)
    if holder is not None and holder is not cls and lineage(file, holder).is_keras_layer:
        return True
    for above in file.ancestors(made):
        if isinstance(above, ast.stmt):
            return False
        if isinstance(above, ast.Call):
            adds = isinstance(above.func, ast.Attribute) and above.func.attr in ("add", "append")
            if adds or file.qualified(above.func) == "keras.Sequential":
                return True
    return False


def driven_by_hand(file: File, cls: ast.ClassDef) -> bool:
    """Whether others than `fit` run the model, and may tell it the mode."""
    if run_with_mode(file, cls) or handed_over(file, cls.name):
        return True
    if any(is_named(call, cls.name) for call in file.index[ast.Call]):
        return False
    users = [user for path in importers(file, cls.name) if (user := read(path)) is not None]
    if any("fit" in user.calls_by_name for user in users):
        return False
    return any(tells_mode(user, cls.name) for user in users)


def tells_mode(user: File, cls: str) -> bool:
    """Whether a file that uses the class may run it with the flag."""
    return (
        any(attribute.attr == "set_learning_phase" for attribute in user.index[ast.Attribute])
        or any(is_true_flag(keyword) for keyword in user.index[ast.keyword])
        or handed_over(user, cls)
    )


def is_true_flag(keyword: ast.keyword) -> bool:
    value = keyword.value
    return keyword.arg == "training" and isinstance(value, ast.Constant) and value.value is True


def handed_over(file: File, cls: str) -> bool:
    """Whether an instance is given to a trainer or wrapper that cannot be seen:
    `EnasTrainer(net, loss)`."""
    return any(
        is_instance(file, given, cls)
        for call in file.index[ast.Call]
        if (taker := file.qualified(call.func)) is not None
        and _TRAINER.search(taker)
        and not framework(taker)
        and symbol_of(file, call.func) is None
        for given in (*call.args, *(keyword.value for keyword in call.keywords))
    )


def is_instance(file: File, node: ast.expr, cls: str) -> bool:
    if isinstance(node, ast.Name):
        return any(
            isinstance(origin.node, ast.Call) and is_named(origin.node, cls)
            for origin in origins(file, node)
        )
    return isinstance(node, ast.Call) and is_named(node, cls)


def is_named(call: ast.Call, cls: str) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == cls


def run_with_mode(file: File, cls: ast.ClassDef) -> bool:
    """Whether the file runs an instance by hand with `training=`."""
    for call in file.index[ast.Call]:
        if any(keyword.arg == "training" for keyword in call.keywords):
            if file.method_class(call) is cls and file.dotted(call.func) == "self":
                return True
            if any(layer.cls and layer.cls.node is cls for layer in layers(file, call.func).layers):
                return True
    return False
