"""The weights of a Keras model read before it has any.

## Why

LOUD, or an empty list. In PyTorch a layer has its parameters from the start; in Keras it makes them
when it first sees an input, unless the model begins with an `Input`. Observed on Keras 3.15 for a
`Sequential` without one and for subclassed models: `trainable_variables` and `get_weights()` are
`[]` and stay so in the variable they were put into, so that `apply_gradients` later raises;
`count_params`, `set_weights`, `load_weights` and `save_weights` raise ValueError.

## Bad

```python
import keras
import tensorflow as tf

model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
weights = model.trainable_variables  # XFR122
optimizer = keras.optimizers.SGD(0.1)
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(model(tf.ones((4, 8)), training=True) ** 2)
optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
```

## Good

```python
import keras
import tensorflow as tf

model = keras.Sequential(
    [keras.Input((8,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)]
)
weights = model.trainable_variables
optimizer = keras.optimizers.SGD(0.1)
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(model(tf.ones((4, 8)), training=True) ** 2)
optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
```

## When it stays quiet

- The model begins with an `Input` or a layer with `input_shape`, or is built, called, fitted or
  handed to anybody before.
- Some of what the model is made of cannot be seen, or makes weights in its own `__init__`.
- `trainable_variables` is only looked at again each time it is needed.

## Fix

Begin with `keras.Input(shape)`, or call `model.build((None, ...))` or the model itself first.

## Seen at run time

`training_smoke`: `updates` (the optimizer holds no weights), or the call raises.

## References

- https://keras.io/guides/sequential_model/#specifying-the-input-shape-in-advance
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.additions import put_into
from ...model.layer_names import WEIGHTED
from ...model.models import Layer, held, layers, members
from ...objects.kinds import Kind, kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.infer import lineage, origins
from ...source.walk import File, position

rule = Rule(
    __name__,
    name="weights-read-before-build",
    message="{model} has no weights yet, this is []; begin it with keras.Input or build it",
    harm=Harm.LOUD,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
    keras_3=True,
)

RAISES = "{model} has no weights yet, {verb}() raises; begin it with keras.Input or build it"

_LISTS = frozenset("trainable_variables trainable_weights variables weights".split())
_RAISING = frozenset("count_params set_weights load_weights save_weights".split())
_SHAPES = frozenset("input_shape batch_input_shape input_dim batch_shape weights".split())
_DEPTH = 6  # models in models
# What may be done with a model and leaves it unbuilt.
_HARMLESS = frozenset("add compile summary pop".split())


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    wanted = _LISTS | _RAISING | {"get_weights"}
    for node in file.index[ast.Attribute]:
        if node.attr in wanted and isinstance(node.value, ast.Name):
            called = isinstance(file.parent(node), ast.Call)
            if node.attr in _LISTS and not is_kept(file, node):
                continue
            if called == (node.attr in _LISTS) or expects_error(file, node):
                continue
            if kind(file, node.value) is Kind.KERAS_MODEL and is_unbuilt(file, node.value):
                message = RAISES if node.attr in _RAISING else None
                names = {"verb": node.attr} if message else {}
                yield rule.at(node, message, model=node.value.id, **names)


def is_kept(file: File, node: ast.Attribute) -> bool:
    """Whether a list of weights is put into a variable, to be used later."""
    match file.parent(node):
        case ast.Assign(targets=[ast.Name() | ast.Attribute()], value=value):
            return value is node
    return False


def is_unbuilt(file: File, model: ast.Name) -> bool:
    """Whether the model was made above, in the same block, and nothing since may have built it."""
    ends = origins(file, model)
    made = ends[0].call
    if len(ends) != 1 or made is None or ends[0].file is not file:
        return False
    block = file.blocks[file.statement(made)]
    here = file.blocks[file.statement(model)]
    if block[:2] != here[:2] or block[2] >= here[2]:
        return False
    start, stop = position(file.statement(made)), position(file.statement(model))
    scope = file.scope(model).find(model.id)
    if scope is None or any(start < position(b.node) < stop for b in scope.bindings[model.id]):
        return False
    uses = [
        name
        for name in file.inside(scope.node)[ast.Name]
        if name.id == model.id and start < position(name) < stop
        if isinstance(name.ctx, ast.Load)
    ]
    return all(is_harmless(file, use) for use in uses) and has_no_shape(file, made)


def is_harmless(file: File, use: ast.Name) -> bool:
    match file.parent(use):
        case ast.Attribute(attr=name) as attribute:
            if isinstance(file.parent(attribute), ast.Call):
                return name in _HARMLESS
            return name in ("trainable", *_LISTS)
    return False


def has_no_shape(file: File, made: ast.Call) -> bool:
    """Whether a model, as it was made, knows no input shape and has no weights."""
    found = layers(file, made)
    return (
        found.complete
        and len(found.layers) == 1
        and found.layers[0].node is made
        and (found.layers[0].name == "keras.Sequential" or found.layers[0].cls is not None)
        and waits(found.layers[0])
        and any(True for _ in weighted(found.layers[0]))
    )


def waits(layer: Layer, depth: int = 0) -> bool:
    """Whether a layer makes its weights when it is first called, as far as can be seen."""
    if depth > _DEPTH or not isinstance(layer.node, ast.Call):
        return False
    if any(keyword.arg in _SHAPES or keyword.arg is None for keyword in layer.node.keywords):
        return False
    if layer.cls is not None:
        assert isinstance(layer.cls.node, ast.ClassDef)
        family = lineage(layer.cls.file, layer.cls.node)
        init = family.method("__init__")
        if not family.is_keras_layer or not family.complete or init is None:
            return False
        if family.method("build") is not None or builds_itself(init.file, init.node):
            return False
        inner = held(layer.cls)
    elif layer.name == "keras.Sequential":
        inner = members(layer)
        if not inner.layers or has_input(layer.file, layer.node):
            return False
    else:
        return layer.name.startswith("keras.layers.") and not members(layer).layers
    return inner.complete and all(waits(part, depth + 1) for part in inner.layers)


def builds_itself(file: File, init: ast.AST) -> bool:
    """Whether an `__init__` makes weights, or builds or runs the model it makes."""
    for call in file.inside(init)[ast.Call]:
        match call.func:
            case ast.Attribute(attr="add_weight" | "build" | "call" | "build_from_config"):
                return True
            case ast.Name(id="self") | ast.Attribute(attr="Variable" | "Input"):
                return True
            case ast.Attribute(attr="__init__", value=ast.Call(func=ast.Name(id="super"))):
                if call.args or any(k.arg in ("inputs", "outputs") for k in call.keywords):
                    return True
    return False


def has_input(file: File, made: ast.Call) -> bool:
    """Whether `keras.Input(...)` stands among the arguments of a Sequential, or is added to it."""
    return any(
        file.qualified(call.func) in ("keras.layers.Input", "keras.layers.InputLayer")
        for part in (made, *put_into(file, made))
        for call in file.inside(part)[ast.Call]
    )


def weighted(layer: Layer) -> Iterator[Layer]:
    """The layers within that will have weights."""
    inner = held(layer.cls) if layer.cls is not None else members(layer)
    for part in inner.layers:
        if part.name in WEIGHTED:
            yield part
        elif part.name == "keras.Sequential" or part.cls is not None:
            yield from weighted(part)
