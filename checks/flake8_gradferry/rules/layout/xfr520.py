"""An attention mask that says the opposite of what the layer reads.

## Why

SILENT. In Keras' `attention_mask` and in torch's `F.scaled_dot_product_attention` True means "may
be attended to"; in `nn.MultiheadAttention`, `nn.Transformer` and their `key_padding_mask` True
means "is ignored". The other one's mask makes the layer look at exactly what it must not see.
Measured on torch 2.13: with `torch.tril(...)` as `attn_mask` the first position sees the last one;
with the mask of the valid tokens as `key_padding_mask` the padding gets all the weight.

## Bad

```python
import torch
from torch import nn

attention = nn.MultiheadAttention(4, 1, batch_first=True)


def attend(x):
    steps = x.size(1)
    causal = torch.tril(torch.ones(steps, steps)).bool()
    return attention(x, x, x, attn_mask=causal)[0]  # XFR520
```

## Good

```python
import torch
from torch import nn

attention = nn.MultiheadAttention(4, 1, batch_first=True)


def attend(x):
    steps = x.size(1)
    causal = torch.tril(torch.ones(steps, steps)).bool()
    return attention(x, x, x, attn_mask=~causal)[0]
```

## When it stays quiet

- How the mask was made cannot be seen: it comes in as an argument, from another function, or out of
  a comparison with a number other than 0.
- Masks of numbers (0 and -inf), `nn.Transformer.generate_square_subsequent_mask`.

## Fix

Invert it: `~mask`, `tokens == pad` for torch's `key_padding_mask`, `tokens != pad` for Keras.

## Seen at run time

`parity`: `forward-eval`.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
- https://keras.io/api/layers/attention_layers/multi_head_attention/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...layout.axes import applications
from ...layout.masks import Sense, as_boolean, sense
from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="attention-mask-sense",
    message="True in {keyword} means ignore, here attend (SILENT: sees the masked); invert it",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)

ATTEND = "True in {keyword} means attend, here ignore (SILENT: sees the masked); invert it"
_IGNORING = (
    "attn_mask key_padding_mask mask memory_key_padding_mask memory_mask src_key_padding_mask "
    "src_mask tgt_key_padding_mask tgt_mask"
).split()


@rule.call("torch.nn.MultiheadAttention", "torch.nn.Transformer")
@rule.call("torch.nn.TransformerEncoder", "torch.nn.TransformerDecoder")
@rule.call("torch.nn.TransformerEncoderLayer", "torch.nn.TransformerDecoderLayer")
def check_torch(file: File, maker: ast.Call) -> Iterator[Finding]:
    for call in applications(file, maker):
        for given in call.keywords:
            if given.arg in _IGNORING and sense(file, given.value) is Sense.KEEP:
                yield rule.at(call, keyword=given.arg or "")


@rule.call("torch.nn.functional.scaled_dot_product_attention")
def check_function(file: File, call: ast.Call) -> Iterator[Finding]:
    mask = argument(call, "attn_mask", 3)
    if mask is not None and sense(file, mask) is Sense.DROP:
        yield rule.at(call, ATTEND, keyword="attn_mask")


@rule.call("keras.layers.MultiHeadAttention", "keras.layers.GroupQueryAttention")
def check_keras(file: File, maker: ast.Call) -> Iterator[Finding]:
    for call in applications(file, maker):
        mask = argument(call, "attention_mask", 3)
        if mask is not None and as_boolean(file, mask) is Sense.DROP:
            yield rule.at(call, ATTEND, keyword="attention_mask")
