"""One Keras optimizer that is to train two models.

## Why

LOUD. A Keras 3 optimizer makes its moments for the variables it is first given, and takes no others
later; torch's is given its parameters when it is made, and Keras 2's made what it lacked. Observed
on Keras 3.15, at the second model: `ValueError: Unknown variable: ... This optimizer can only be
called for the variables it was originally built with`.

## Bad

```python
import keras
import tensorflow as tf

x = tf.ones((4, 2))
first = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
second = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.Adam(1e-3)
for model in (first, second):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # XFR217
```

## Good

```python
import keras
import tensorflow as tf

x = tf.ones((4, 2))
first = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
second = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
optimizers = [keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3)]
for model, optimizer in zip((first, second), optimizers):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## When it stays quiet

- The file is for Keras 2, where it works.
- `optimizer.build(...)` is called with all variables, or all are applied in one call.
- One model is a part of the other, or it cannot be seen which variables or which optimizer it is.

## Fix

Make one optimizer for each model, or call `optimizer.build(first.trainable_variables +
second.trainable_variables)` first.

## Seen at run time

The step raises.

## References

- https://keras.io/api/optimizers/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.kinds import Kind, kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.infer import calls_of, origins, returns
from ...source.turns import innermost_loop, within
from ...source.walk import File, position

rule = Rule(
    __name__,
    name="optimizer-shared-by-models",
    message="{optimizer} is built for {first} and raises on {second}; make an optimizer for each",
    harm=Harm.LOUD,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
    keras_3=True,
)

_VARIABLES = ("trainable_variables", "trainable_weights")
_TRAINING = ("fit", "train_on_batch")


@rule.method("apply_gradients")
def check_steps(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    optimizer = call.func.value
    models = trained(file, call)
    made = the_optimizer(file, optimizer) if models else None
    if made is None or expects_error(file, call):
        return
    name = file.dotted(optimizer) or "optimizer"
    if (several := looped_over(file, call, models, made)) is not None:
        yield rule.at(call, optimizer=name, first=several[0], second=several[1])
        return
    for earlier in file.calls_by_name["apply_gradients"]:
        if position(earlier) >= position(call) or not is_beside(file, earlier, call):
            continue
        first = trained(file, earlier)
        if not first or not are_apart(first, models) or looped_over(file, earlier, first, made):
            continue
        if the_optimizer(file, earlier.func.value) is made:  # type: ignore[attr-defined]
            yield rule.at(call, optimizer=name, first=min(first), second=min(models))
            return


@rule.method("compile")
def check_compiled(file: File, call: ast.Call) -> Iterator[Finding]:
    optimizer = compiled_with(call)
    made = the_optimizer(file, optimizer) if optimizer is not None else None
    second = trained_by_keras(file, call)
    if made is None or second is None or optimizer is None or sets_trainable(file):
        return
    for earlier in file.calls_by_name["compile"]:
        if position(earlier) >= position(call) or file.function(earlier) is not file.function(call):
            continue
        first, other = trained_by_keras(file, earlier), compiled_with(earlier)
        if first is None or other is None or first == second:
            continue
        if the_optimizer(file, other) is made and not is_part(file, earlier, call):
            name = file.dotted(optimizer) or "optimizer"
            yield rule.at(call, optimizer=name, first=first, second=second)
            return


def the_optimizer(file: File, node: ast.expr) -> ast.AST | None:
    """The call that made a Keras optimizer, if there is but one and `build` is not called on it."""
    if kind(file, node) is not Kind.KERAS_OPTIMIZER:
        return None
    ends = origins(file, node)
    if len(ends) != 1 or ends[0].file is not file or not isinstance(node, ast.Name | ast.Attribute):
        return None
    made = ends[0].call
    return None if made is None or is_built(file, made) or is_made_anew(file, made) else made


def is_made_anew(file: File, made: ast.AST) -> bool:
    """Whether a function that is called in several places returns what is made."""
    function = file.function(made)
    return (
        function is not None
        and len(calls_of(file, function)) != 1
        and any(
            origin.node is made
            for value in returns(file, function)
            for origin in origins(file, value)
        )
    )


def is_built(file: File, made: ast.AST) -> bool:
    return any(
        isinstance(call.func, ast.Attribute)
        and any(origin.node is made for origin in origins(file, call.func.value))
        for call in file.calls_by_name.get("build", ())
    )


# -- steps written by hand -----------------------------------------------------------------------


def trained(file: File, call: ast.Call) -> frozenset[str]:
    """The models whose variables `apply_gradients(zip(gradients, variables))` is given, by name."""
    match call.args[:1]:
        case [ast.Call(func=ast.Name(id="zip"), args=[_, variables])]:
            return holders(file, variables)
    return frozenset()


def holders(file: File, variables: ast.expr) -> frozenset[str]:
    found: set[str] = set()
    for origin in origins(file, variables):
        match origin.node:
            case ast.Attribute(attr=attr, value=model) if attr in _VARIABLES:
                found.add(file.dotted(model) or "")
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                found |= holders(file, left) | holders(file, right) or {""}
            case _:
                return frozenset()
    return frozenset() if "" in found else frozenset(found)


def looped_over(
    file: File, call: ast.Call, models: frozenset[str], made: ast.AST
) -> tuple[str, str] | None:
    """The first two of the models that a loop around the step goes through, with one optimizer."""
    loop = innermost_loop(file, call)
    match loop:
        case ast.For(target=ast.Name(id=name), iter=ast.Name() | ast.Tuple() | ast.List()):
            if name not in models or within(loop, made):
                return None
            for origin in origins(file, loop.iter):
                match origin.node:
                    case ast.Tuple(elts=[first, second, *_]) | ast.List(elts=[first, second, *_]):
                        names = file.dotted(first), file.dotted(second)
                        return names[0] or "the first", names[1] or "the second"
    return None


def is_beside(file: File, earlier: ast.Call, call: ast.Call) -> bool:
    """Whether two steps stand in one function, or in one class."""
    if file.function(earlier) is file.function(call):
        return True
    cls = file.method_class(call)
    return cls is not None and file.method_class(earlier) is cls


def are_apart(first: frozenset[str], second: frozenset[str]) -> bool:
    """Whether neither of two groups of models is, or is within, the other."""
    return not any(
        one == other or one == "self" or other == "self" or f"{one}.".startswith(f"{other}.")
        or f"{other}.".startswith(f"{one}.")
        for one in first
        for other in second
    )  # fmt: skip


# -- fit -----------------------------------------------------------------------------------------


def compiled_with(call: ast.Call) -> ast.expr | None:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "optimizer"]
    found = next(iter([*given, *call.args]), None)
    return found if isinstance(found, ast.Name | ast.Attribute) else None


def trained_by_keras(file: File, call: ast.Call) -> str | None:
    """The name of the model that is compiled, if the same function trains it."""
    name = file.dotted(call.func.value) if isinstance(call.func, ast.Attribute) else None
    return next(
        (
            name
            for verb in _TRAINING
            for run in file.calls_by_name.get(verb, ())
            if name is not None and file.dotted(run.func) == f"{name}.{verb}"
            if file.function(run) is file.function(call)
        ),
        None,
    )


def is_part(file: File, one: ast.Call, other: ast.Call) -> bool:
    """Whether one model may be made of the other, or both be the same."""
    ends = [
        {origin.node for origin in origins(file, call.func.value)}
        for call in (one, other)
        if isinstance(call.func, ast.Attribute)
    ]
    if not ends[0].isdisjoint(ends[1]):
        return True
    roots = [(file.dotted(call.func) or "").partition(".")[0] for call in (one, other)]
    return any(
        name.id in roots
        for nodes in ends
        for node in nodes
        for name in file.inside(node)[ast.Name]
        if isinstance(node, ast.Call)
    )


def sets_trainable(file: File) -> bool:
    return any(
        node.attr == "trainable" and isinstance(node.ctx, ast.Store)
        for node in file.index[ast.Attribute]
    )
