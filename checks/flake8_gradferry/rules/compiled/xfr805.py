"""A Keras model made outside the scope of the strategy that is to distribute it.

## Why

LOUD. Variables are mirrored on the devices where they are made under `strategy.scope()`, and only
there; in PyTorch a finished model is wrapped in `DistributedDataParallel`. Observed on TensorFlow
2.21 and Keras 3.15, with one device and with two: `fit` of a model from outside that is compiled
under the scope raises AssertionError in `distribution.extended.update`.

## Bad

```python
import keras
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
with strategy.scope():
    model.compile(optimizer="sgd", loss="mse")  # XFR805
model.fit(tf.ones((8, 2)), tf.ones((8, 1)), verbose=0)
```

## Good

```python
import keras
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
model.fit(tf.ones((8, 2)), tf.ones((8, 1)), verbose=0)
```

## When it stays quiet

- The strategy is not seen to be one that mirrors (`get_strategy()`, a parameter).
- The model, or whatever may be it, is made or loaded under a scope, or cannot be seen.
- The call stands where the error is expected.

## Fix

Make the model, the optimizer and the metrics under `with strategy.scope():`.

## Seen at run time

`fit` raises in its first step.

## References

- https://www.tensorflow.org/tutorials/distribute/keras
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.kinds import Kind, kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.infer import origins, reaching
from ...source.walk import FUNCTIONS, File

rule = Rule(
    __name__,
    name="model-outside-strategy-scope",
    message="{model} is made outside {strategy}.scope() and fit() raises; make it inside",
    harm=Harm.LOUD,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)

_MIRRORING = tuple(
    f"tensorflow.distribute.{name}"
    for name in (
        "MirroredStrategy MultiWorkerMirroredStrategy TPUStrategy "
        "experimental.MultiWorkerMirroredStrategy experimental.TPUStrategy"
    ).split()
)


@rule.method("compile", "fit")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    match call.func:
        case ast.Attribute(value=ast.Name() as model, attr=verb):
            strategy = scope_around(file, call)
        case _:
            return
    if strategy is None or (verb == "fit" and is_compiled_here(file, model)):
        return
    if kind(file, model) is not Kind.KERAS_MODEL or not mirrors(file, strategy):
        return
    if is_made_outside(file, model) and not expects_error(file, call):
        yield rule.at(call, model=model.id, strategy=file.dotted(strategy) or "strategy")


def scope_around(file: File, node: ast.AST) -> ast.expr | None:
    """The strategy under whose scope a node stands, in the same function."""
    for above in file.ancestors(node):
        if isinstance(above, (*FUNCTIONS, ast.Lambda)):
            return None
        for item in above.items if isinstance(above, ast.With) else ():
            match item.context_expr:
                case ast.Call(func=ast.Attribute(attr="scope", value=strategy)):
                    return strategy
    return None


def mirrors(file: File, strategy: ast.expr) -> bool:
    return all(origin.callee in _MIRRORING for origin in origins(file, strategy))


def is_compiled_here(file: File, model: ast.Name) -> bool:
    """Whether the model is compiled under a scope too, which is where it is reported."""
    return any(
        file.dotted(call.func) == f"{model.id}.compile"
        and file.function(call) is file.function(model)
        and scope_around(file, call) is not None
        for call in file.calls_by_name.get("compile", ())
    )


def is_made_outside(file: File, model: ast.Name) -> bool:
    """Whether the name gets its model where no scope is, and neither does what makes it."""
    bindings = reaching(file, model)
    bound = all(
        binding.kind == "assign"
        and not binding.path
        and file.function(binding.node) is file.function(model)
        and scope_around(file, binding.node) is None
        for binding in bindings
    )
    ends = origins(file, model)
    return bool(bindings and bound) and all(
        end.call is not None and end.file is file and scope_around(file, end.call) is None
        for end in ends
    )
