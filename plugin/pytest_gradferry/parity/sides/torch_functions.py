"""Functions that a torch module calls between its layers: dropout, padding, pooling, resizing."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from .torch_attention import ATTENTION, without_dropout

if TYPE_CHECKING:
    from .torch_side import TorchSide

_DROPOUT = {
    F.dropout,
    F.dropout1d,
    F.dropout2d,
    F.dropout3d,
    F.alpha_dropout,
    F.feature_alpha_dropout,
    torch.dropout,
    torch.feature_dropout,
    torch.alpha_dropout,
}
_RECORDED = {F.pad: "pad", F.interpolate: "upsample"}
_BY_NAME = {"pixel_shuffle": "pixelshuffle"} | {
    f"{function}{d}d": f"{kind}{d}d"
    for d in (1, 2, 3)
    for function, kind in (
        ("max_pool", "maxpool"),
        ("avg_pool", "avgpool"),
        ("adaptive_avg_pool", "globalavgpool"),
        ("adaptive_max_pool", "globalmaxpool"),
    )
}


class WatchedFunctions(TorchFunctionMode):
    """Turns dropout off, wherever it is called from, and records functional pads, pools and
    resizes, which the causes may intercept."""

    def __init__(self, side: TorchSide) -> None:
        super().__init__()
        self.side = side

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _DROPOUT:
            rate = args[1] if len(args) > 1 else kwargs.get("p", 0.5)
            self.side.record_function("dropout", "dropout", args[0], args[0], rate=rate)
            if _told_to_act(func, args, kwargs) and self.side.acts(f"F.{func.__name__}", rate):
                return func(*args, **kwargs)
            return args[0] * 1.0
        if func is ATTENTION:
            args, kwargs, rate = without_dropout(args, kwargs)
            if rate:
                self.side.record_function("attention", "dropout", args[0], args[0], rate=rate)
        if self.side.in_layer or not args:
            return func(*args, **kwargs)
        if (before := self.side.before.get(id(func))) is not None:
            args = (before(args[0]), *args[1:])
        output = func(*args, **kwargs)
        if (after := self.side.after.get(id(func))) is not None:
            output = after(output)
        if func in _RECORDED:
            given = inspect.signature(func).bind(*args, **kwargs)
            given.apply_defaults()
            x = given.arguments.pop("input")
            self.side.record_function(
                func.__name__, _RECORDED[func], x, output, function=func, **given.arguments
            )
        elif (kind := _BY_NAME.get(getattr(func, "__name__", ""))) is not None:
            self.side.record_function(func.__name__, kind, args[0], output, function=func)
        return output


def _told_to_act(func: Any, args: Any, kwargs: Any) -> bool:
    if len(args) > 2:
        return bool(args[2])
    default = "alpha" not in func.__name__
    return bool(kwargs.get("training", kwargs.get("train", default)))
