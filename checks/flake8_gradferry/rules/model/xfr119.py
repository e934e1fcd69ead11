"""A torch module given Keras' arguments.

## Why

LOUD. torch's layers are told their input size and know nothing of Keras' keywords:
`nn.Linear(64)` raises `missing 1 required positional argument: 'out_features'`,
`nn.Conv2d(32, 3)` the same of `kernel_size`, `activation=`, `strides=`, `use_bias=` and
`return_sequences=` are unexpected keyword arguments, and `padding="causal"` is no padding.

## Bad

```python
from torch import nn

layer = nn.Linear(64)  # XFR119
```

```python
from torch import nn

layer = nn.Conv2d(3, 32, 3, strides=2, use_bias=False)  # XFR119
```

## Good

```python
from torch import nn

layer = nn.Linear(784, 64)
```

```python
from torch import nn

layer = nn.Conv2d(3, 32, 3, stride=2, bias=False)
```

## When it stays quiet

- `nn.LazyLinear(64)`, which infers its input size as Keras does.
- `functools.partial`, `*args` and `**options`: what they leave out may come later.
- Classes of the project and of other libraries that have the same names.
- Calls that a test expects to fail.

## Fix

Give the input size, or use the `Lazy` class; activations are modules of their own.

## Seen at run time

torch raises when the layer is made.

## References

- https://docs.pytorch.org/docs/stable/nn.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import Arguments, arguments, settled
from ...source.guards import expects_error
from ...source.walk import File

rule = Rule(
    __name__,
    name="keras-arguments-for-torch-module",
    message="torch's {layer} has no {given}=; write {right}",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="keras->torch",
)
MISSING = "torch's {layer} lacks {missing}; write {right}"
PADDING = 'torch\'s {layer} knows no padding="{value}"; pad by hand with F.pad'

# Keras' names for what torch calls otherwise, or does elsewhere.
_INSTEAD = {
    "activation": "an activation module after it",
    "recurrent_activation": "nothing",
    "units": "out_features= or hidden_size=",
    "filters": "out_channels=",
    "strides": "stride=",
    "pool_size": "kernel_size=",
    "dilation_rate": "dilation=",
    "use_bias": "bias=",
    "rate": "p=",
    "epsilon": "eps=",
    "axis": "dim=",
    "center": "affine=",
    "scale": "affine=",
    "kernel_initializer": "nn.init on its weight",
    "bias_initializer": "nn.init on its bias",
    "kernel_regularizer": "weight_decay in the optimizer",
    "kernel_constraint": "a clamp after each step",
    "input_shape": "the input size first",
    "input_dim": "the input size first",
    "input_length": "nothing",
    "output_dim": "embedding_dim=",
    "data_format": "nothing: channels come first",
    "return_sequences": "outputs[:, -1] where False is meant",
    "return_state": "nothing: the state is always returned",
    "go_backwards": "x.flip(1)",
    "recurrent_dropout": "nn.LSTMCell and a dropout of your own",
    "mask_zero": "padding_idx=0",
    "key_dim": "embed_dim=num_heads * key_dim",
    "name": "an attribute with that name",
}
_CLASSES = (
    "Linear Bilinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LSTM GRU "
    "RNN LSTMCell GRUCell RNNCell BatchNorm1d BatchNorm2d BatchNorm3d InstanceNorm1d "
    "InstanceNorm2d InstanceNorm3d LayerNorm GroupNorm Embedding MultiheadAttention Dropout "
    "Dropout1d Dropout2d Dropout3d AlphaDropout MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d "
    "AvgPool3d AdaptiveAvgPool1d AdaptiveAvgPool2d ReLU LeakyReLU ELU PReLU Softmax LogSoftmax "
    "Flatten Upsample ZeroPad2d LazyLinear LazyConv1d LazyConv2d LazyConv3d"
)
_LAZY = frozenset("Linear Conv1d Conv2d Conv3d BatchNorm1d BatchNorm2d BatchNorm3d".split())
# What Keras infers and torch is told; that an input is missing is the port's mistake.
_SIZES = frozenset(
    (
        "out_features out_channels kernel_size hidden_size num_features num_channels "
        "normalized_shape embedding_dim"
    ).split()
)


@rule.call(*(f"torch.nn.{name}" for name in _CLASSES.split()))
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    if made is None:
        return
    found = list(mistakes(file, call, made))
    if found and not expects_error(file, call):
        yield from found


def mistakes(file: File, call: ast.Call, made: Arguments) -> Iterator[Finding]:
    wrong = [name for name in made.unknown if name in _INSTEAD]
    for name in wrong:
        yield rule.at(call, layer=made.cls, given=name, right=_INSTEAD[name])
    missing = [name for name in made.missing if name in _SIZES]
    if missing and not wrong:
        given = ", ".join(ast.unparse(node) for node in made.given.values())
        first = f"{made.cls}(inputs, {given})" if given else f"{made.cls}(inputs)"
        lazy = f" or Lazy{made.cls}({given})" if made.cls in _LAZY else ""
        yield rule.at(call, MISSING, layer=made.cls, missing=missing[0], right=first + lazy)
    padding = made.given.get("padding")
    value = settled(file, padding) if padding is not None else None
    if value in ("causal", "full", "SAME", "VALID") and isinstance(value, str):
        yield rule.at(call, PADDING, layer=made.cls, value=value)
