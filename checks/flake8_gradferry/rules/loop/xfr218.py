"""`fit`, `evaluate` or `train_on_batch` on a Keras model that was never compiled.

## Why

LOUD. `compile` gives a Keras model its loss, optimizer and metrics; in PyTorch they stand in the
loop. Observed on Keras 3.15: `ValueError: You must call compile() before using the model.`
(`predict` needs no compile.)

## Bad

```python
import keras
import numpy as np

x, y = np.ones((8, 2)), np.ones((8, 1))
model = keras.Sequential([keras.layers.Dense(1)])
model.fit(x, y, verbose=0)  # XFR218
```

## Good

```python
import keras
import numpy as np

x, y = np.ones((8, 2)), np.ones((8, 1))
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer="sgd", loss="mse")
history = model.fit(x, y, verbose=0).history
```

## When it stays quiet

- The file compiles this model anywhere, or something that may be it.
- The model is handed to a function, loaded, cloned, or made where that cannot be seen.
- The class, or one it derives from, makes its own `fit` or compiles itself.
- The call stands in a `try` or in `with pytest.raises(...)`.

## Fix

Write `model.compile(optimizer=..., loss=...)` before it.

## Seen at run time

The call raises.

## References

- https://keras.io/api/models/model_training_apis/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.kinds import Kind, kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.infer import lineage, origins
from ...source.names import framework
from ...source.walk import File

rule = Rule(
    __name__,
    name="fit-without-compile",
    message="{model} is never compiled, so {verb}() raises; call {model}.compile() first",
    harm=Harm.LOUD,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)

_HARMLESS = frozenset("print len type isinstance id str repr".split())


@rule.method("fit", "evaluate", "train_on_batch", "test_on_batch")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    model, verb = call.func.value, call.func.attr
    name = file.dotted(model)
    if name is None or name == "self" or kind(file, model) is not Kind.KERAS_MODEL:
        return
    made = [origin.call for origin in origins(file, model) if origin.file is file]
    if len(made) < len(origins(file, model)) or expects_error(file, call):
        return
    if not all(new is not None and is_new(file, new) for new in made):
        return
    if not may_be_compiled(file, model) and not is_handed_on(file, made):
        yield rule.at(call, model=name, verb=verb)


def is_new(file: File, new: ast.Call) -> bool:
    """Whether a call makes a model that is not compiled: Keras' own class, or a plain subclass."""
    origin = origins(file, new)[0]
    if (cls := origin.cls_in_sight) is None:
        return origin.callee in ("keras.Sequential", "keras.Model")
    assert isinstance(cls.node, ast.ClassDef)
    family = lineage(cls.file, cls.node)
    own = ("fit", "evaluate", "train_on_batch", "test_on_batch", "compile")
    return not any(family.method(name) for name in own) and not any(
        call.func.attr == "compile"
        for at in family.classes
        for call in at.file.inside(at.node)[ast.Call]
        if isinstance(call.func, ast.Attribute)
    )


def may_be_compiled(file: File, model: ast.expr) -> bool:
    """Whether the file calls `compile` on this model, or on what cannot be told from it."""
    mine = {origin.node for origin in origins(file, model)}
    for call in file.calls_by_name.get("compile", ()):
        if not isinstance(call.func, ast.Attribute) or file.qualified(call.func) is not None:
            continue  # the builtin, `re.compile`, `torch.compile`
        if file.dotted(call.func.value) == "self":
            continue  # a class that compiles itself is no plain subclass
        ends = origins(file, call.func.value)
        if any(end.call is None or end.node in mine for end in ends):
            return True
    return False


def is_handed_on(file: File, made: list[ast.Call | None]) -> bool:
    """Whether a function of the project, or one nobody can see, is given the model."""
    for call in file.index[ast.Call]:
        name = file.qualified(call.func) or file.dotted(call.func) or ""
        if framework(name) or name in _HARMLESS:
            continue
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            if isinstance(argument, ast.Name | ast.Attribute) and any(
                origin.node in made for origin in origins(file, argument)
            ):
                return True
    return False
