"""A recurrent layer without `return_sequences=True` before a layer that reads steps.

## Why

LOUD. A torch LSTM returns all steps, a Keras one the last alone unless `return_sequences=True` is
given. Measured on Keras 3.15: a second LSTM behind it raises `ValueError: Input 0 with name 'None'
of layer 'lstm_1' is incompatible with the layer: expected ndim=3, found ndim=2`.

## Bad

```python
import keras


def build():
    return keras.Sequential(
        [
            keras.Input((7, 4)),
            keras.layers.LSTM(8),  # XFR522
            keras.layers.LSTM(8),
        ]
    )
```

## Good

```python
import keras


def build():
    return keras.Sequential(
        [
            keras.Input((7, 4)),
            keras.layers.LSTM(8, return_sequences=True),
            keras.layers.LSTM(8),
        ]
    )
```

## When it stays quiet

- Another layer stands between that makes steps again (`RepeatVector`, `Reshape`).
- `return_sequences` is given, or the options cannot be seen.

## Fix

`return_sequences=True` in every recurrent layer but the last.

## Seen at run time

Building the model, or the first call, raises.

## References

- https://keras.io/api/layers/recurrent_layers/lstm/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import flag
from ...model.modes import argument
from ...model.rows import Step, feeders
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="missing-return-sequences",
    message="{reader} reads steps, {layer} returns the last alone; return_sequences=True",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)

_RECURRENT = frozenset(f"keras.layers.{name}" for name in ("GRU", "LSTM", "SimpleRNN"))


@rule.call("keras.layers.LSTM", "keras.layers.GRU", "keras.layers.SimpleRNN")
@rule.call("keras.layers.Bidirectional", "keras.layers.Conv1D", "keras.layers.MaxPooling1D")
@rule.call("keras.layers.GlobalMaxPooling1D", "keras.layers.GlobalAveragePooling1D")
@rule.call("keras.layers.TimeDistributed")
def check(file: File, maker: ast.Call) -> Iterator[Finding]:
    reader = (file.qualified(maker.func) or "").rpartition(".")[2]
    for step in feeders(file, maker):
        layer = last_step_only(step)
        if layer is not None and step.file is file:
            yield rule.at(layer, reader=reader, layer=ast.unparse(layer.func).rpartition(".")[2])


def last_step_only(step: Step) -> ast.Call | None:
    """The recurrent layer, if the step is one that returns the last step alone."""
    if not isinstance(step.node, ast.Call) or step.path:
        return None
    layer, name = step.node, step.name
    if name == "keras.layers.Bidirectional":
        match argument(layer, "layer", 0):
            case ast.Call() as inner:
                layer, name = inner, step.file.qualified(inner.func) or ""
            case _:
                return None
    if name not in _RECURRENT or argument(layer, "return_sequences", None) is not None:
        return None
    return layer if flag(layer, "return_sequences") is False else None
