"""Functions that a Keras model calls between its layers: dropout, pixel shuffle, resizing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ...frameworks import load
from ..mapping import BY_KIND

if TYPE_CHECKING:
    from .keras_side import KerasSide


def watched_functions(side: KerasSide) -> Iterator[tuple[Any, str, Callable[..., Any]]]:
    """Modules, the names of functions in them, and what is to be called in their place."""
    random = (load("keras").random, "keras.random.dropout")
    for owner, name in (*side.backend.dropouts(), random):
        yield owner, "dropout", _dropout(side, name, owner.dropout)
    for owner, name in side.backend.shuffles():
        yield owner, "depth_to_space", _moved(side, "pixelshuffle", name, owner.depth_to_space)
    for owner, name in side.backend.resizes():
        yield owner, "resize", _moved(side, "upsample", name, owner.resize)


def _dropout(side: KerasSide, name: str, dropout: Any) -> Callable[..., Any]:
    def seen(x: Any, rate: Any, *args: Any, **kwargs: Any) -> Any:
        side.record(None, BY_KIND["dropout"], x, x, name, rate=float(rate))
        return dropout(x, rate, *args, **kwargs) if side.acts(name, rate) else x + 0.0

    return seen


def _moved(side: KerasSide, kind: str, name: str, function: Any) -> Callable[..., Any]:
    """Recorded, and open to interception under the function's own id."""
    parameters = inspect.signature(function)

    def seen(*args: Any, **kwargs: Any) -> Any:
        if side.depth:  # a layer's, or keras.ops calls the backend's
            return function(*args, **kwargs)
        given = parameters.bind(*args, **kwargs)
        given.apply_defaults()
        (first, x), *rest = given.arguments.items()
        if (before := side.before.get(id(function))) is not None:
            x = before(x)
        with side.inside():
            output = function(**{first: x}, **dict(rest))
        if (after := side.after.get(id(function))) is not None:
            output = after(output)
        side.record(None, BY_KIND[kind], x, output, name, function=function, **dict(rest))
        return output

    return seen
