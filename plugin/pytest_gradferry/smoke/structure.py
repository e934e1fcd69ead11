"""What a model is made of, by names that its author finds again in the source."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ..frameworks import Array
from .record import Weight


class Structure(ABC):
    """The model's weights, and those in use that it does not list; what each framework has more
    is for its own package."""

    weights: dict[str, Weight]

    @abstractmethod
    def hidden(self) -> dict[str, tuple[str, str, str]]:
        """Weights in use that the model does not list: name -> (why, fix, rule code)."""

    @abstractmethod
    def units(self, name: str, value: Array) -> Array | None:
        """A value of a dense or convolutional layer's kernel with a row for each of its units.

        None for any other weight.
        """
