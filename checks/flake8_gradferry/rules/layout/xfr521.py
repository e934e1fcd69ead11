"""torch's embedding size handed to Keras as the size of one head.

## Why

SILENT. `nn.MultiheadAttention(64, 8)` shares 64 features among its 8 heads. Keras' `key_dim` is the
size of each head: `MultiHeadAttention(8, 64)` works with 512. Measured on torch 2.13 and Keras
3.15: 132,672 weights, where torch has 16,640.

## Bad

```python
import keras
from torch import nn

torch_attention = nn.MultiheadAttention(64, 8)
keras_attention = keras.layers.MultiHeadAttention(num_heads=8, key_dim=64)  # XFR521
```

## Good

```python
import keras
from torch import nn

torch_attention = nn.MultiheadAttention(64, 8)
keras_attention = keras.layers.MultiHeadAttention(num_heads=8, key_dim=64 // 8)
```

## When it stays quiet

- Only one of the two is in sight (XFR502 says what is taken for a pair): Keras' own examples use
  heads as wide as the embedding.
- There is one head, or the sizes cannot be seen.

## Fix

`key_dim=embed_dim // num_heads`.

## Seen at run time

`parity`: `structure`.

## References

- https://keras.io/api/layers/attention_layers/multi_head_attention/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.ports import Part, odd_one_out
from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value
from ...source.values import constant
from ...source.walk import File

rule = Rule(
    __name__,
    name="key-dim-per-head",
    message="key_dim={size} is the size of one head (SILENT: too wide); divide by num_heads",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)

_ATTENTION = ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")


@rule.call("keras.layers.MultiHeadAttention")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    size = argument(call, "key_dim", 1)
    if size is not None and odd_one_out(file, call, _ATTENTION.__contains__, too_wide):
        yield rule.at(call, size=ast.unparse(size))


def too_wide(in_torch: Part, in_keras: Part) -> bool | None:
    whole, head = argument(in_torch.call, "embed_dim", 0), argument(in_keras.call, "key_dim", 1)
    heads = argument(in_keras.call, "num_heads", 0)
    if whole is None or head is None or heads is None:
        return None
    embedding = constant(Value(in_torch.file, whole))
    size, count = constant(Value(in_keras.file, head)), constant(Value(in_keras.file, heads))
    if count == 1:
        return False
    if isinstance(embedding, int) and isinstance(size, int):
        return embedding == size
    # The same name on either side: `dim`, `self.dim`.
    same = in_keras.file.dotted(head)
    return True if same is not None and same == in_torch.file.dotted(whole) else None
