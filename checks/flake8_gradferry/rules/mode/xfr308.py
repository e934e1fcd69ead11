"""What only torch modules have (`train()`, `parameters()`, `to()`), asked of a Keras model.

## Why

LOUD. A Keras model has no mode to switch, no `parameters()`, no `state_dict()` and is not moved to
a device. Observed on Keras 3.15 with TensorFlow: `AttributeError: 'Sequential' object has no
attribute 'train'`, and the same for `eval`, `parameters`, `state_dict`, `load_state_dict`, `cuda`,
`to`, `zero_grad`, `requires_grad_`, `modules`, `half`.

## Bad

```python
import keras
import numpy as np

x = np.ones((8, 4), "float32")
model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dropout(0.5)])
model.train()  # XFR308
trained = model(x)
model.eval()  # XFR308
evaluated = model(x)
count = sum(p.numel() for p in model.parameters())  # XFR308
```

## Good

```python
import keras
import numpy as np

x = np.ones((8, 4), "float32")
model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dropout(0.5)])
trained = model(x, training=True)
evaluated = model(x, training=False)
count = model.count_params()
```

## When it stays quiet

- Keras on the torch backend, where models are torch modules and have these methods.
- The project defines the method, on the class, a base or the object.
- The call stands where the error is expected: in `pytest.raises`, in a `try` that catches it.
- Some base of the class cannot be seen, as those of wrappers and of other libraries' models.

## Fix

Tell each call: `model(x, training=True)`. `parameters()` is `trainable_variables`, `state_dict()`
is `get_weights()`, `requires_grad_(False)` is `model.trainable = False`, and `to()` needs nothing:
TensorFlow places a model on the device by itself.

## Seen at run time

`training_smoke` with your own `step`: the step raises.

## References

- https://keras.io/api/models/model/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.kinds import defines, is_keras, keras_may_be_torch, kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.guards import expects_error
from ...source.walk import File

rule = Rule(
    __name__,
    name="torch-mode-on-keras",
    message="{model} is Keras' and has no {verb}(); {instead}",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="torch->keras",
)

_NOT_NEEDED = "drop it, TensorFlow places it"
_DTYPE = "set its dtype"
INSTEAD = {
    "train": "pass training=True in each call",
    "eval": "pass training=False in each call",
    "parameters": "use trainable_variables",
    "named_parameters": "use trainable_variables",
    "named_modules": "use layers",
    "modules": "use layers",
    "children": "use layers",
    "named_children": "use layers",
    "state_dict": "use get_weights()",
    "load_state_dict": "use set_weights()",
    "to": _NOT_NEEDED,
    "cuda": _NOT_NEEDED,
    "cpu": _NOT_NEEDED,
    "zero_grad": "drop it, gradients never add up",
    "requires_grad_": "set trainable",
    "half": _DTYPE,
    "double": _DTYPE,
    "bfloat16": _DTYPE,
    "register_forward_hook": "make a Model that outputs the layer",
    "register_buffer": "use add_weight(trainable=False)",
    "register_parameter": "use add_weight()",
}


@rule.method(*INSTEAD)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    model, verb = call.func.value, call.func.attr
    if not is_keras(kind(file, model)) or keras_may_be_torch(file) or defines(file, model, verb):
        return
    if expects_error(file, call):
        return
    shown = file.dotted(model) or "this model"
    yield rule.at(call, model=shown, verb=verb, instead=INSTEAD[verb])
