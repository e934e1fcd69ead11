"""Functions that a Keras model calls between its layers: dropout, pixel shuffle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..frameworks import load
from .mapping import ROWS

if TYPE_CHECKING:
    from .keras_side import KerasSide

_BY_KIND = {row.kind: row for row in ROWS}


def watched_functions(side: KerasSide) -> Iterator[tuple[Any, str, Callable[..., Any]]]:
    """Modules, the names of functions in them, and what is to be called in their place."""
    random = (load("keras").random, "keras.random.dropout")
    for owner, name in (*side.backend.dropouts(), random):
        yield owner, "dropout", _dropout(side, name, owner.dropout)
    for owner, name in side.backend.shuffles():
        yield owner, "depth_to_space", _depth_to_space(side, name, owner.depth_to_space)


def _dropout(side: KerasSide, name: str, dropout: Any) -> Callable[..., Any]:
    def seen(x: Any, rate: Any, *args: Any, **kwargs: Any) -> Any:
        side.record(None, _BY_KIND["dropout"], x, x, name, rate=float(rate))
        return dropout(x, rate, *args, **kwargs) if side.acts(name, rate) else x + 0.0

    return seen


def _depth_to_space(side: KerasSide, name: str, depth_to_space: Any) -> Callable[..., Any]:
    def seen(x: Any, *args: Any, **kwargs: Any) -> Any:
        if side.depth:  # keras.ops calls the backend's
            return depth_to_space(x, *args, **kwargs)
        if (before := side.before.get(id(depth_to_space))) is not None:
            x = before(x)
        with side.inside():
            output = depth_to_space(x, *args, **kwargs)
        side.record(None, _BY_KIND["pixelshuffle"], x, output, name, function=depth_to_space)
        return output

    return seen
