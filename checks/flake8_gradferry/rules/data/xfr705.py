"""A Keras model saved under a name that Keras 3 refuses.

## Why

LOUD. Keras 2 saved to a folder (SavedModel, TensorFlow checkpoints) whatever the name. Keras 3,
which TensorFlow has shipped since 2.16, tells the format from the ending alone: `save` takes
`.keras` or `.h5`, `save_weights` takes `.weights.h5`, and everything else raises `ValueError`, when
the training is over and the weights are lost. People who come from PyTorch write `model.pt` or no
ending at all.

## Bad

```python
import keras
import numpy as np

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.ones((4, 4)), np.ones((4, 1)), verbose=0)
model.save("model")  # XFR705
```

```python
import keras
import numpy as np

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.ones((4, 4)), np.ones((4, 1)), verbose=0)
model.save_weights("model.h5")  # XFR705
```

## Good

```python
import keras
import numpy as np

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.ones((4, 4)), np.ones((4, 1)), verbose=0)
model.save("model.keras")
```

```python
import keras
import numpy as np

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.ones((4, 4)), np.ones((4, 1)), verbose=0)
model.save_weights("model.weights.h5")
```

## When it stays quiet

- The file or the project's requirements are for Keras 2 (`tf_keras`, TensorFlow below 2.16).
- The object is not seen to be a Keras model, or its class defines the method itself.
- The end of the path is not written out, or may be right: `name + ".h5"`.
- Loading, and a `ModelCheckpoint`, which raise before anything is lost.
- The call stands in a `try` whose handler takes the error.

## Fix

`model.save("model.keras")`, `model.save_weights("model.weights.h5")`; a SavedModel for serving is
made by `model.export("folder")`. TensorFlow checkpoints and SavedModels of old are loaded with
`tf_keras` and saved again.

## Seen at run time

Keras raises. `training_smoke`: `save-load` saves under right names.

## References

- https://keras.io/guides/migrating_to_keras_3/
- https://keras.io/api/models/model_saving_apis/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.kinds import Kind, defines, kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value
from ...source.guards import expects_error
from ...source.paths import Ending, ending
from ...source.walk import File

rule = Rule(
    __name__,
    name="save-format",
    message="{call} raises in Keras 3: {path} must end in {right}",
    harm=Harm.LOUD,
    confidence=Confidence.LIKELY,
    direction="either",
    keras_3=True,
)

_MODEL = (".keras", ".h5", ".hdf5")
_WEIGHTS = (".weights.h5", ".weights.json")
# For each method what its path may end in.
_ENDINGS = {
    "save": _MODEL,
    "save_weights": _WEIGHTS,
}


@rule.method(*_ENDINGS)
def check_method(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    model, verb = call.func.value, call.func.attr
    path = argument(call, 0, "filepath")
    if path is None or not misses(file, path, _ENDINGS[verb]) or expects_error(file, call):
        return
    if kind(file, model) is Kind.KERAS_MODEL and not defines(file, model, verb):
        yield report(call, path, _ENDINGS[verb])


@rule.call("keras.models.save_model", "keras.saving.save_model")
def check_function(file: File, call: ast.Call) -> Iterator[Finding]:
    path = argument(call, 1, "filepath")
    if path is not None and misses(file, path, _MODEL):
        yield report(call, path, _MODEL)


def argument(call: ast.Call, position: int, keyword: str) -> ast.expr | None:
    """An argument by place or name, None where it is not surely seen."""
    if any(isinstance(a, ast.Starred) for a in call.args):
        return None
    if any(item.arg is None for item in call.keywords):
        return None
    if len(call.args) > position:
        return call.args[position]
    return next((item.value for item in call.keywords if item.arg == keyword), None)


def misses(file: File, path: ast.expr, endings: tuple[str, ...]) -> bool:
    """Whether a path is seen to end in none of these."""
    found = ending(Value(file, path))
    if found is None or not found.text or "://" in found.text:
        return False
    return not found.text.endswith(endings) and not may_end(found, endings)


def may_end(found: Ending, endings: tuple[str, ...]) -> bool:
    """Whether what stands before the end may make it one of these: `name + ".h5"`."""
    return not found.whole and any(word.endswith(found.text) for word in endings)


def report(call: ast.Call, path: ast.expr, endings: tuple[str, ...]) -> Finding:
    func = call.func
    name = func.attr if isinstance(func, ast.Attribute) else ast.unparse(func)
    shown = repr(path.value) if isinstance(path, ast.Constant) else "the path"
    return rule.at(call, call=name, path=shown, right=endings[0])
