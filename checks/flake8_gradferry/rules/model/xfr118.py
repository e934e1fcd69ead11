"""A Keras layer given torch's arguments.

## Why

SILENT where the numbers fit: Keras infers the input size, so the first number is the output size.
`Conv2D(3, 16, 3)`, meant as 3 to 16 channels with a 3 x 3 kernel, makes 3 filters of 16 x 16 with
stride 3: 2,307 weights and an output of 17 x 17 x 3 from 64 x 64 pixels, where 448 weights and
62 x 62 x 16 are meant. `MultiHeadAttention(512, 8)` has 512 heads of size 8, `ReLU(True)` cuts
everything off above 1. LOUD elsewhere: `Dense(8, 4)`, `BatchNormalization(16)`, `padding=1`,
`in_channels=`, `bias=` raise, some of them only when the layer is called.

## Bad

```python
import keras

x = keras.ops.ones((1, 64, 64, 3))
conv = keras.layers.Conv2D(3, 16, 3)  # XFR118
y = conv(x)
cut = keras.layers.ReLU(True)(5 * x)  # XFR118
```

```python
import keras

layer = keras.layers.Dense(8, 4)  # XFR118
```

```python
import keras

layer = keras.layers.Conv2D(16, 3, stride=2, bias=False)  # XFR118
```

## Good

```python
import keras

x = keras.ops.ones((1, 64, 64, 3))
conv = keras.layers.Conv2D(16, 3)
y = conv(x)
cut = keras.layers.ReLU()(5 * x)
```

```python
import keras

layer = keras.layers.Dense(4)
```

```python
import keras

layer = keras.layers.Conv2D(16, 3, strides=2, use_bias=False)
```

## When it stays quiet

- Kernels and strides as people choose them: `Conv2D(32, 3, 2)`, `Conv2D(768, 16, 16)` (patches),
  large kernels over sequences (`Conv1D(64, 41, 4)`).
- `BatchNormalization(1)`: an axis. `Embedding(vocabulary, size)`: the same in both.
- Names that say nothing, `*args` and `**options`, layers of other libraries.

## Fix

Leave the input size out and use Keras' names: `strides`, `use_bias`, `epsilon`, `rate`.

## Seen at run time

`parity`: `structure` counts weights and shapes, `settings` compares the paired layers.

## References

- https://keras.io/api/layers/convolution_layers/convolution2d/
- https://keras.io/api/layers/attention_layers/multi_head_attention/
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import Arguments, arguments, last_name, number, settled
from ...source.guards import expects_error
from ...source.walk import File

rule = Rule(
    __name__,
    name="torch-arguments-for-keras-layer",
    message="{layer} infers its input size: {second} is the kernel (SILENT); drop {first}",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
)
KEYWORD = "Keras' {layer} has no {given}=; write {right}"
SIZE = "{layer} infers its input size: {second} lands in activation; write {layer}({second})"
AXIS = "{value} is the axis of {layer}, which infers its size; drop it"
HEADS = "{first} is the number of heads, {second} their size (SILENT); write {right}"
PADDING = 'Keras\' {layer} wants padding="same" or "valid", not {value}; add ZeroPadding'
TWICE = "{layer} infers its input size: {second} is a second kernel_size; drop {first}"
RELU = "ReLU({value}) cuts off above 1: it is max_value in Keras (SILENT); write ReLU()"

# torch's names for what Keras calls otherwise, or does not need.
_INSTEAD = {
    "in_channels": "only filters: Keras infers it",
    "in_features": "only units: Keras infers it",
    "input_size": "only units: Keras infers it",
    "num_features": "nothing: Keras infers it",
    "normalized_shape": "axis=",
    "out_channels": "filters=",
    "out_features": "units=",
    "hidden_size": "units=",
    "embed_dim": "key_dim=embed_dim // num_heads",
    "stride": "strides=",
    "dilation": "dilation_rate=",
    "bias": "use_bias=",
    "eps": "epsilon=",
    "affine": "center= and scale=",
    "elementwise_affine": "center= and scale=",
    "track_running_stats": "nothing",
    "p": "rate=",
    "inplace": "nothing",
    "dim": "axis=",
    "num_layers": "one layer after the other",
    "batch_first": "nothing: the batch is first in Keras",
    "bidirectional": "keras.layers.Bidirectional around it",
    "num_embeddings": "input_dim=",
    "embedding_dim": "output_dim=",
    "padding_idx": "mask_zero=",
    "padding_mode": "padding= or a layer before it",
    "kernel_size": "pool_size=",
    "scale_factor": "size=",
    "ceil_mode": 'padding="same"',
    "num_parameters": "shared_axes=",
}
_IMAGE = "Conv2D Conv3D Conv2DTranspose Conv3DTranspose SeparableConv2D Convolution2D Convolution3D"
_SEQUENCE = "Conv1D Conv1DTranspose SeparableConv1D Convolution1D"
_POOLS = " ".join(
    f"{name}Pool{kind}{rank}D"
    for name, kind in (("Max", ""), ("Max", "ing"), ("Average", "ing"), ("Avg", ""))
    for rank in (1, 2, 3)
)
_RECURRENT = "LSTM GRU SimpleRNN LSTMCell GRUCell SimpleRNNCell"
_NORMS = "BatchNormalization LayerNormalization GroupNormalization"
_OTHERS = "Embedding Dropout SpatialDropout1D SpatialDropout2D Softmax UpSampling2D PReLU LeakyReLU"

_IN = re.compile(r"^in(p|put|_|c|d|p|f|$)|(^|_)c?in$|^nin$|^inplanes$", re.I)
_OUT = re.compile(r"^out(?!.*(act|kernel|fn))|(^|_)c?out$|^nout$|^planes$", re.I)
_SIZE = re.compile(
    r"channels?$|features?$|filters?$|planes$|^out_|_ch$|^ch$|_dim$|^units$|hidden", re.I
)
_MODEL_SIZE = re.compile(r"embed|d_model|hidden|model_dim|(^|_)dim$")
_HEADS = re.compile(r"heads?$|^nhead$|^h$")
_LARGEST_RANK = 5


def names(words: str) -> list[str]:
    return [f"keras.layers.{word}" for word in words.split()]


@rule.call(
    *names(f"{_IMAGE} {_SEQUENCE} {_POOLS} {_RECURRENT} {_NORMS} {_OTHERS}"),
    *names("Dense DepthwiseConv2D MultiHeadAttention ReLU"),
)
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    if made is None or not (made.given or made.unknown):
        return
    found = [*by_keyword(call, made)]
    if not found and (mistake := by_position(file, made)) is not None:
        message, shown = mistake
        found = [rule.at(call, message, **shown)]
    if found and not expects_error(file, call):
        yield from found


def by_keyword(call: ast.Call, made: Arguments) -> Iterator[Finding]:
    for name in made.unknown:
        if name in _INSTEAD:
            yield rule.at(call, KEYWORD, layer=made.cls, given=name, right=_INSTEAD[name])


Mistake = tuple[str | None, dict[str, str]]  # a message and the names in it


def by_position(file: File, made: Arguments) -> Mistake | None:
    """What is wrong with the values in their places; None where they may be meant."""
    first, second, *_ = [*(made.given[name] for name in made.positional), None, None]
    one, other = (ast.unparse(node) if node is not None else "" for node in (first, second))
    padding = made.given.get("padding")
    if padding is not None and number(file, padding) is not None:
        wrong: Mistake = (PADDING, {"layer": made.cls, "value": ast.unparse(padding)})
    elif made.name in names(f"{_IMAGE} {_SEQUENCE}") and is_in_out_kernel(file, made):
        shown = {"layer": made.cls, "first": one, "second": other}
        wrong = (TWICE if made.twice else None, shown)
    elif made.name in names(f"Dense {_RECURRENT}") and is_size(file, first, second):
        wrong = (SIZE, {"layer": made.cls, "second": other})
    elif made.name in names(_NORMS) and (axis := no_axis(file, made)) is not None:
        wrong = (AXIS, {"layer": made.cls, "value": ast.unparse(axis)})
    elif made.cls == "MultiHeadAttention" and is_size_then_heads(file, first, second):
        wrong = (HEADS, {"first": one, "second": other, "right": f"({other}, ...)"})
    elif made.cls == "ReLU" and first is not None and settled(file, first) is True:
        wrong = (RELU, {"value": one})
    else:
        return None
    return wrong


def is_size(file: File, first: ast.expr | None, second: ast.expr | None) -> bool:
    """Whether the second argument is a size, where Keras wants an activation."""
    return second is not None and (number(file, second) is not None or is_pair(first, second))


def no_axis(file: File, made: Arguments) -> ast.expr | None:
    """What a norm layer was given by position as its axis, if it can be none."""
    axis = made.given.get("axis") if "axis" in made.positional else None
    return axis if axis is not None and not is_axis(file, axis) else None


def is_in_out_kernel(file: File, made: Arguments) -> bool:
    """Whether a convolution was given input channels, output channels and a kernel size."""
    given = [made.given[name] for name in made.positional]
    if len(given) < 2 or (len(given) < 3 and "kernel_size" not in made.twice):
        return False
    if "kernel_size" in made.twice or is_pair(given[0], given[1]):
        return True
    if made.name not in names(_IMAGE):
        return False  # kernels over sequences are as large as anybody likes
    second, third = number(file, given[1]), number(file, given[2])
    if number(file, given[0]) is None or second is None or third is None:
        return False
    # A kernel of 12 or more with an odd stride; patches have the stride of their size.
    return second >= 32 > third if third == 1 else second >= 12 and third in (3, 5, 7)


def is_pair(first: ast.expr | None, second: ast.expr | None) -> bool:
    """Whether two names say input and output."""
    return bool(_IN.search(last_name(first)) and _OUT.search(last_name(second)))


def is_axis(file: File, node: ast.expr) -> bool:
    """Whether a value may be an axis, or a list of them, as far as can be seen."""
    if isinstance(node, ast.List | ast.Tuple):
        return all(is_axis(file, item) for item in node.elts)
    value = number(file, node)
    if value is None:
        return not _SIZE.search(last_name(node)) or "axis" in last_name(node)
    return isinstance(value, int) and -_LARGEST_RANK <= value < _LARGEST_RANK


def is_size_then_heads(file: File, first: ast.expr | None, second: ast.expr | None) -> bool:
    """Whether attention was given torch's (embed_dim, num_heads)."""
    if first is None or second is None:
        return False
    size, heads = number(file, first), number(file, second)
    if size is not None and heads is not None:
        return size >= 64 and heads <= 16 and size % heads == 0
    return bool(_MODEL_SIZE.search(last_name(first)) and _HEADS.search(last_name(second)))
