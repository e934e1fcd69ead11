"""`trainable` changed between two calls of `fit`, without `compile`.

## Why

SILENT. `fit` traces its training step when it first runs, with the weights that were trainable
then, and keeps it until `compile` is called again. A torch optimizer skips whatever has
`requires_grad=False` at that moment. Measured on Keras 3.15: a layer that is frozen after a first
`fit` is still moved by the second, and one that is unfrozen is still not.

## Bad

```python
import keras
import numpy as np

x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
base = keras.Sequential([keras.layers.Dense(8)])
model = keras.Sequential([base, keras.layers.Dense(1)])
base.trainable = False
model.compile("sgd", "mse")
model.fit(x, x[:, :1], verbose=0)
before = base.get_weights()[0]
base.trainable = True  # XFR314
model.fit(x, x[:, :1], verbose=0)
moved = not np.array_equal(before, base.get_weights()[0])
```

## Good

```python
import keras
import numpy as np

x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
base = keras.Sequential([keras.layers.Dense(8)])
model = keras.Sequential([base, keras.layers.Dense(1)])
base.trainable = False
model.compile("sgd", "mse")
model.fit(x, x[:, :1], verbose=0)
before = base.get_weights()[0]
base.trainable = True
model.compile("sgd", "mse")
model.fit(x, x[:, :1], verbose=0)
moved = not np.array_equal(before, base.get_weights()[0])
```

## When it stays quiet

- `compile` stands between the change and the next `fit`, or somebody else gets the model there.
- The change comes before the first `fit`, which is when the step is traced.
- The object is not seen to be the model or a part of it, or `run_eagerly` is asked for.
- `train_on_batch` and steps with a `GradientTape`: the first is how GANs are written, the second
  reads `trainable_variables` at each call.

## Fix

Call `model.compile(...)` again after the change.

## Seen at run time

`training_smoke`: `updates` (frozen weights do not move, all others do).

## References

- https://keras.io/guides/transfer_learning/#freezing-layers-understanding-the-trainable-attribute
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.models import layers, within
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins
from ...source.walk import FUNCTIONS, LOOPS, File, position

rule = Rule(
    __name__,
    name="trainable-after-fit",
    message="{model}.fit goes on with the old trainable (SILENT); call {model}.compile again",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)


@rule.setting("trainable")
def check(file: File, target: ast.Attribute) -> Iterator[Finding]:
    change = file.statement(target)
    for model in refitted(file, change):
        if holds(file, model, target.value):
            yield rule.at(change, model=ast.unparse(model))


def refitted(file: File, change: ast.stmt) -> Iterator[ast.expr]:
    """The models that are fitted before and after the change, and not compiled in between."""
    fits = [call for call in file.calls_by_name.get("fit", ()) if runs_with(file, call, change)]
    after = sorted((c for c in fits if position(c) > position(change)), key=position)
    for fit in after[:1]:
        assert isinstance(fit.func, ast.Attribute)
        name = file.dotted(fit.func.value)
        before = [c for c in fits if position(c) < position(change)]
        fitted = any(file.dotted(c.func) == file.dotted(fit.func) for c in before)
        if name and fitted and not touched(file, name, change, fit) and not is_eager(file):
            yield fit.func.value


def runs_with(file: File, call: ast.Call, change: ast.stmt) -> bool:
    """Whether a call surely runs in the turn in which the change does: no branch or loop of its
    own stands around it, and none that the change stands outside of."""
    if not isinstance(call.func, ast.Attribute):
        return False
    around = set(file.ancestors(change))
    for above in file.ancestors(call):
        if above in around:
            return not isinstance(above, LOOPS)
        if isinstance(above, (*LOOPS, *FUNCTIONS, ast.If, ast.Try, ast.ClassDef)):
            return False
    return False


def touched(file: File, name: str, change: ast.stmt, fit: ast.Call) -> bool:
    """Whether the model is compiled, made anew or handed to somebody before it is fitted again."""
    start, end = position(change), position(fit)
    for node in file.index[ast.Name]:
        if not start < position(node) < end:
            continue
        whole: ast.AST = node
        while isinstance(above := file.parent(whole), ast.Attribute) and file.dotted(whole) != name:
            whole = above
        if file.dotted(whole) != name:
            continue
        above = file.parent(whole)
        looked_at = isinstance(above, ast.Attribute) and above.attr != "compile"
        if not looked_at:
            return True
    return False


def is_eager(file: File) -> bool:
    return any(
        keyword.arg == "run_eagerly"
        for call in file.calls_by_name.get("compile", ())
        for keyword in call.keywords
    ) or any(name in file.calls_by_name for name in ("run_functions_eagerly", "enable_eager"))


def holds(file: File, model: ast.expr, part: ast.expr) -> bool:
    """Whether `part` is the model, one of its layers, or something that it is built of."""
    name, whole = file.dotted(part) or ast.unparse(part), file.dotted(model)
    if whole is None:
        return False
    if name == whole or name.startswith((f"{whole}.layers", f"{whole}.get_layer(")):
        return True
    made = {layer.node for found in layers(file, model).layers for layer in within(found)}
    for origin in origins(file, part):
        if origin.node in made:
            continue
        items = origin.node.iter if isinstance(origin.node, ast.For) else None
        while isinstance(items, ast.Subscript):
            items = items.value
        match items:
            case ast.Attribute(attr="layers", value=holder) if holds(file, model, holder):
                continue
        return False
    return True
