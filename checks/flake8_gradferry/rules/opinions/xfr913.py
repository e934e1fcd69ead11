"""A Keras layer of one's own between `mask_zero=True` and what reads the mask.

## Why

SILENT. `Embedding(mask_zero=True)` sends a mask along; a layer that does not say `supports_masking`
drops it, and the LSTM behind it reads the padding. Keras 3 warns once. Measured on Keras 3.15: the
same text with pads appended, outputs off by 0.02; with `supports_masking = True` by 0.

## Bad

```python
import keras


class Scale(keras.layers.Layer):
    def call(self, x):
        return x * 2.0


net = keras.Sequential(
    [
        keras.layers.Embedding(10, 4, mask_zero=True),
        Scale(),  # XFR913
        keras.layers.LSTM(8),
    ]
)
```

## Good

```python
import keras


class Scale(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, x):
        return x * 2.0


net = keras.Sequential(
    [
        keras.layers.Embedding(10, 4, mask_zero=True),
        Scale(),
        keras.layers.LSTM(8),
    ]
)
```

## When it stays quiet

- The layer sets `supports_masking` or defines `compute_mask`, itself or in a class that it inherits
  from.
- Nothing behind it in the row reads a mask, or the layers do not stand in one `Sequential`.

This is a hint, off unless selected.

## Fix

`self.supports_masking = True` in a layer that keeps the steps apart.

## Seen at run time

`parity`: `forward-eval`, with padded inputs.

## References

- https://keras.io/guides/understanding_masking_and_padding/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import flag
from ...model.rows import Step, rows
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage, self_assignments
from ...source.project import Symbol
from ...source.walk import File

rule = Rule(
    __name__,
    name="mask-dropped",
    message="{layer} drops the mask of mask_zero (SILENT); set self.supports_masking = True",
    harm=Harm.SILENT,
    confidence=Confidence.HINT,
    direction="torch->keras",
)

_READS_MASKS = frozenset(
    f"keras.layers.{name}"
    for name in "Bidirectional GRU GlobalAveragePooling1D LSTM SimpleRNN".split()
)


@rule.call("keras.layers.Embedding")
def check(file: File, maker: ast.Call) -> Iterator[Finding]:
    if not flag(maker, "mask_zero"):
        return
    for row in rows(file):
        places = [place for place, step in enumerate(row) if step.node is maker]
        for place in places:
            yield from dropped(row[place + 1 :])


def dropped(behind: list[Step]) -> Iterator[Finding]:
    for place, step in enumerate(behind):
        if step.name in _READS_MASKS:
            return
        if step.cls is None or keeps_masks(step.cls) is not False:
            continue
        if any(later.name in _READS_MASKS for later in behind[place + 1 :]):
            assert isinstance(step.cls.node, ast.ClassDef)
            yield rule.at(step.node, layer=step.cls.node.name)
        return


def keeps_masks(cls: Symbol) -> bool | None:
    """Whether a layer hands a mask on; None where what it inherits from cannot be seen."""
    assert isinstance(cls.node, ast.ClassDef)
    family = lineage(cls.file, cls.node)
    if not family.complete or not family.is_keras_layer or family.is_keras_model:
        return None
    if family.names - {"keras.layers.Layer"} or family.method("compute_mask") is not None:
        return None
    for symbol in family.classes:
        assert isinstance(symbol.node, ast.ClassDef)
        named = {
            target.id
            for statement in symbol.node.body
            if isinstance(statement, ast.Assign)
            for target in statement.targets
            if isinstance(target, ast.Name)
        }
        if "supports_masking" in named | set(self_assignments(symbol.file, symbol.node)):
            return True
    return False
