"""A torch layer made inside `forward`.

## Why

SILENT. Keras code often makes a layer where it is applied; in a torch module `forward` runs for
every batch, and a layer made there starts from new random weights each time. The module never
holds it, so `parameters()` does not list it, no optimizer moves it and `state_dict()` does not
save it. Measured on torch 2.13: two passes of the same input in evaluation differ, 2 parameters
instead of 4, and the loss is 1.24 after 60 steps, where it falls to 0.002 with the layer in
`__init__`. A dropout made there is always in training mode: `eval()` does not reach it.

## Bad

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(16, 16)

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        return nn.Linear(16, 4)(x)  # XFR109
```

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        drop = nn.Dropout(0.5)  # XFR109
        return self.out(drop(x))
```

## Good

```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(16, 16)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        return self.out(self.drop(x))
```

## When it stays quiet

- Layers without weights: `nn.ReLU()(x)`, `nn.Softmax(dim=1)(x)`, `nn.LayerNorm(8,
  elementwise_affine=False)(x)`, losses.
- Layers that are made once and kept: `if self.fc is None: self.fc = ...`, `hasattr`, a table.
- Layers that are given weights (`conv.weight.data = kernel`, `load_state_dict`) or are handed to
  something else.
- Dropout under a test on `self.training`, and in classes named for Monte Carlo dropout.

## Fix

Make the layer in `__init__`, hold it as an attribute and apply that. Where the sizes are known in
`forward` only, `nn.LazyLinear` and its kin are made without them.

## Seen at run time

`training_smoke`: `updates` (the layer is made anew in every call).

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.fresh import fresh_layers
from ...model.models import Layer, has_parameters, within
from ...model.modes import asks_mode, layer_dependent, on_purpose
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import lineage
from ...source.walk import File

rule = Rule(
    __name__,
    name="module-created-in-forward",
    message="{layer} made in forward has new weights at each call (SILENT); make it in __init__",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)
_DROPOUT = "{layer} made in forward stays on after eval() (SILENT); make it in __init__"


@rule.node(ast.ClassDef)
def check(file: File, node: ast.ClassDef) -> Iterator[Finding]:
    if not node.bases or "forward" not in (methods := file.methods(node)):
        return
    if not lineage(file, node).is_torch_module:
        return
    for layer, at in fresh_layers(file, methods["forward"], loses_something):
        name = ast.unparse(layer.call.func)
        if any(has_parameters(inner) for inner in within(layer)):
            yield rule.at(at, layer=name)
        elif not asks_mode(layer.file, layer.call) and not on_purpose(layer.file, layer.node):
            yield rule.at(at, _DROPOUT, layer=name)


def loses_something(layer: Layer) -> bool:
    """Whether a layer that is made anew forgets its weights, or that `eval()` was called."""
    return has_parameters(layer) or ("Dropout" in layer.name and bool(layer_dependent(layer)))
