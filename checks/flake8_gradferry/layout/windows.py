"""The window that a convolution or pooling moves over its input, as either framework spells it.

Sources: https://docs.pytorch.org/docs/stable/nn.html, https://keras.io/api/layers/.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from ..model.modes import argument
from ..source.callframes import Value, is_none
from ..source.values import constant
from ..source.walk import File
from .ports import Part, odd_one_out


class Window(NamedTuple):
    """Sizes that are the same along every axis; `padding` is a number or Keras' word."""

    kernel: int
    stride: int
    padding: int | str


class _Spelling(NamedTuple):
    """The place of kernel, stride and padding, which are named `words`, among the arguments."""

    words: tuple[str, str, str]
    places: tuple[int, int, int]
    padding: int | str  # where it is not given
    kernel: int | None = None  # the same
    strides_by_kernel: bool = False


_TORCH = ("kernel_size", "stride", "padding")
_KERAS_CONV = _Spelling(("kernel_size", "strides", "padding"), (1, 2, 3), "valid")
_KERAS_POOL = _Spelling(("pool_size", "strides", "padding"), (0, 1, 2), "valid", 2, True)
_TORCH_POOLED = _Spelling(_TORCH, (1, 2, 3), 0, None, True)
_TF_POOLED = _Spelling(("ksize", "strides", "padding"), (1, 2, 3), "valid")
_SPELLINGS = {
    **{f"torch.nn.Conv{n}d": _Spelling(_TORCH, (2, 3, 4), 0) for n in (1, 2, 3)},
    **{f"torch.nn.ConvTranspose{n}d": _Spelling(_TORCH, (2, 3, 4), 0) for n in (1, 2, 3)},
    **{f"torch.nn.MaxPool{n}d": _Spelling(_TORCH, (0, 1, 2), 0, None, True) for n in (1, 2, 3)},
    **{f"torch.nn.AvgPool{n}d": _Spelling(_TORCH, (0, 1, 2), 0, None, True) for n in (1, 2, 3)},
    **{f"torch.nn.functional.max_pool{n}d": _TORCH_POOLED for n in (1, 2, 3)},
    **{f"torch.nn.functional.avg_pool{n}d": _TORCH_POOLED for n in (1, 2, 3)},
    **{f"tensorflow.nn.max_pool{n}d": _TF_POOLED for n in (1, 2, 3)},
    **{f"tensorflow.nn.avg_pool{n}d": _TF_POOLED for n in (1, 2, 3)},
    **{f"keras.layers.Conv{n}D": _KERAS_CONV for n in (1, 2, 3)},
    **{f"keras.layers.Convolution{n}D": _KERAS_CONV for n in (1, 2, 3)},
    **{f"keras.layers.Conv{n}DTranspose": _KERAS_CONV for n in (1, 2, 3)},
    **{f"keras.layers.MaxPooling{n}D": _KERAS_POOL for n in (1, 2, 3)},
    **{f"keras.layers.MaxPool{n}D": _KERAS_POOL for n in (1, 2, 3)},
    **{f"keras.layers.AveragePooling{n}D": _KERAS_POOL for n in (1, 2, 3)},
    **{f"keras.layers.AvgPool{n}D": _KERAS_POOL for n in (1, 2, 3)},
}


def kind(name: str) -> str | None:
    """`Conv2`, `ConvTranspose2`, `MaxPool2`, `AvgPool2`: the same in either framework."""
    last = name.rpartition(".")[2].replace("Average", "Avg").replace("Pooling", "Pool")
    last = last.replace("Convolution", "Conv")
    last = last.replace("max_pool", "MaxPool").replace("avg_pool", "AvgPool")
    if last.endswith("DTranspose"):
        last = last.replace("Conv", "ConvTranspose").removesuffix("Transpose")
    return last[:-1] if name in _SPELLINGS else None


def window(part: Part) -> Window | None:
    """The window of a layer, where its sizes are in sight and equal along every axis."""
    spelling, call, file = _SPELLINGS.get(part.name), part.call, part.file
    if spelling is None:
        return None
    given = [
        argument(call, word, place)
        for word, place in zip(spelling.words, spelling.places, strict=True)
    ]
    kernel = _size(file, given[0]) if given[0] is not None else spelling.kernel
    if not isinstance(kernel, int):
        return None
    unasked = kernel if spelling.strides_by_kernel else 1
    stride = _size(file, given[1]) if given[1] is not None else unasked
    padding = _size(file, given[2]) if given[2] is not None else spelling.padding
    if stride is None and spelling.strides_by_kernel and is_none(given[1]):
        stride = kernel
    if not isinstance(stride, int) or padding is None:
        return None
    return Window(kernel, stride, padding)


def _size(file: File, node: ast.expr) -> int | str | None:
    match node:
        case ast.Constant(value=int() | str() as value):
            return value.lower() if isinstance(value, str) else value
        case ast.Tuple(elts=sizes) | ast.List(elts=sizes):
            found = {_size(file, size) for size in sizes}
            return found.pop() if len(found) == 1 else None
        case ast.Name() | ast.Attribute():
            known = constant(Value(file, node))
            return known if isinstance(known, int | str) else None
    return None


def pads_before(found: Window) -> int:
    """What "same" pads before an input whose size the stride divides."""
    return max(found.kernel - found.stride, 0) // 2


def twin_of(
    file: File, call: ast.Call, differ: Callable[[Part, Part], bool | None]
) -> tuple[Window, Part] | None:
    """The window of a layer and the other framework's layer that it should equal and does not."""
    part = Part(file, call, file.qualified(call.func) or "", "")
    mine, own = window(part), kind(part.name)
    if mine is None or mine.padding in (0, "valid"):
        return None
    twin = odd_one_out(file, call, lambda name: kind(name) == own, differ)
    return (mine, twin) if twin is not None else None


def even_padding(mine: Window, twin: Part) -> int:
    """The number of the two paddings, of which the other is "same"."""
    if isinstance(mine.padding, int):
        return mine.padding
    theirs = window(twin)
    assert theirs is not None
    assert isinstance(theirs.padding, int)
    return theirs.padding


def pads_otherwise(in_torch: Part, in_keras: Part) -> bool | None:
    """Whether torch's even padding is not what Keras' "same" pads; None where more differs."""
    one, other = window(in_torch), window(in_keras)
    if one is None or other is None or one[:2] != other[:2]:
        return None
    if isinstance(one.padding, str) or other.padding != "same":
        return False
    return one.padding > 0 and one.padding != pads_before(one)
