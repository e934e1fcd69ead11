"""Early stopping that leaves the weights of the last epoch.

## Why

SILENT. `keras.callbacks.EarlyStopping` stops `patience` epochs after the best one and, unless
`restore_best_weights=True`, leaves the model as the last epoch made it. A PyTorch loop that was
ported usually kept a copy of the best weights. Measured below: a validation loss of 1.28 is kept
where the best was 0.76.

## Bad

```python
import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(40, 20)).astype("float32")
y = np.random.normal(size=(40, 1)).astype("float32")

model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(0.02), "mse")
stop = keras.callbacks.EarlyStopping(patience=5)  # XFR911
fit = model.fit(x, y, validation_split=0.5, epochs=30, callbacks=[stop], verbose=0)
kept = model.evaluate(x[20:], y[20:], verbose=0)
```

## Good

```python
import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(40, 20)).astype("float32")
y = np.random.normal(size=(40, 1)).astype("float32")

model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(0.02), "mse")
stop = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
fit = model.fit(x, y, validation_split=0.5, epochs=30, callbacks=[stop], verbose=0)
kept = model.evaluate(x[20:], y[20:], verbose=0)
```

## When it stays quiet

- `restore_best_weights` is given, or may be in `**options`.
- The file makes a `ModelCheckpoint(save_best_only=True)`.

## Fix

Pass `restore_best_weights=True`.

## Seen at run time

Nothing shows it at run time; `fit.history["val_loss"]` against `model.evaluate` does.

## References

- https://keras.io/api/callbacks/early_stopping/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value
from ...source.values import constant
from ...source.walk import File

rule = Rule(
    __name__,
    name="early-stopping-keeps-last",
    message="EarlyStopping keeps the last weights (SILENT); pass restore_best_weights=True",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="torch->keras",
)

_RESTORE = 6  # the position of `restore_best_weights`


@rule.call("keras.callbacks.EarlyStopping")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    told = {item.arg: item.value for item in call.keywords}
    if None in told or len(call.args) > _RESTORE or "restore_best_weights" in told:
        return
    if not any(saves_best(file, other) for other in file.calls_by_name.get("ModelCheckpoint", [])):
        yield rule.at(call)


def saves_best(file: File, call: ast.Call) -> bool:
    """Whether a ModelCheckpoint keeps the best weights on disk, as far as can be seen."""
    told = [item.value for item in call.keywords if item.arg in ("save_best_only", None)]
    return any(constant(Value(file, value)) is not False for value in told)
