"""What a row of the table is: two layer types, their weights and their settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .place import Array as Array
from .place import follow


def same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Weight:
    """A torch parameter or buffer, the Keras variable it is, and the transposition each way.

    Either is written as `place` says: an attribute, or a block of one. Where several parameters of
    one framework are one of the other, there is a Weight for each block. `to_keras` need not give
    the variable's own shape, as long as the values are in its order. Both are linear and move
    values about, so that gradients go the same way.
    """

    torch: str
    keras: str
    to_keras: Callable[[Array], Array] = same
    to_torch: Callable[[Array], Array] = same


@dataclass(frozen=True)
class Setting:
    """A hyperparameter of a layer under both names; `convert` takes it from Keras' convention to
    torch's and, being its own inverse, back. `only_in_keras`: torch's layers have but one value."""

    name: str
    torch: str
    keras: str
    convert: Callable[[Any], Any] = same
    rule: str | None = None
    only_in_keras: bool = False

    def attribute(self, framework: str) -> str:
        return self.torch if framework == "torch" else self.keras

    def read(self, framework: str, layer: Any) -> Any:
        """The value in `framework`'s own convention; (2, 2) and 2 are the same."""
        value = follow(layer, self.attribute(framework))
        if isinstance(value, (tuple, list)):
            return value[0] if len(set(value)) == 1 else tuple(value)
        return value

    def expected(self, framework: str, other_layer: Any) -> Any:
        """What `framework`'s layer must have to do what its counterpart `other_layer` does."""
        other = "keras" if framework == "torch" else "torch"
        value = self.read(other, other_layer)
        return None if value is None else self.convert(value)

    @contextmanager
    def written(self, framework: str, layer: Any, value: Any) -> Iterator[None]:
        """The layer with that value, in `framework`'s own convention."""
        *path, attribute = self.attribute(framework).split(".")
        owner = follow(layer, ".".join(path)) if path else layer
        current = getattr(owner, attribute, None)
        if isinstance(current, (tuple, list)) and not isinstance(value, (tuple, list)):
            value = (value,) * len(current)
        # Past the frameworks' own attribute tracking: the old value comes back the same way.
        saved = {name: v for name, v in owner.__dict__.items() if name == attribute}
        owner.__dict__[attribute] = value
        try:
            yield
        finally:
            del owner.__dict__[attribute]
            owner.__dict__.update(saved)


def equal(ours: Any, expected: Any) -> bool:
    """Settings agree: exactly, but for the rounding of `1 - momentum`."""
    if isinstance(ours, (int, float)) and isinstance(expected, (int, float)):
        return math.isclose(ours, expected, rel_tol=1e-9, abs_tol=1e-15)
    return bool(ours == expected)


@dataclass(frozen=True)
class Row:
    """A pair of layer types.

    Rows of one `kind` pair with each other: torch's Conv2d is a Conv2D or a DepthwiseConv2D of
    Keras. Then the Keras layer's row says how the weights correspond, and the settings that both
    rows have are compared.

    `channels`: inputs and outputs have a channel axis that stands second in torch, last in Keras.
    `anchor`: outputs of the two are comparable, so the first divergence may be named after it.
    """

    kind: str
    torch: tuple[str, ...]
    keras: tuple[str, ...]
    weights: tuple[Weight, ...] = ()
    settings: tuple[Setting, ...] = ()
    channels: bool = False
    anchor: bool = True


# Settings that several rows share.
STRIDES = Setting("strides", "stride", "strides")
RATE = Setting("rate", "p", "rate", rule="XFR307")
