"""More that is seen in one step: weights set outside of updates, layers that are not listed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable
from typing import Any

import numpy as np

from ..frameworks import Array
from .places import place_of
from .record import StepRecord, Unlisted
from .verdict import remaining

Values = dict[str, Any]  # of weights, by name


class Settings(ABC):
    """Which weights a step sets itself, outside of the optimizers' updates.

    Looks at them when the step begins, at its first forward pass, around updates and at its end.
    """

    def __init__(self, record: StepRecord) -> None:
        self._record = record
        self._start = self.read()
        self._trainable = self.trainable()
        self._updated: Values | None = None
        self._frozen: Values = {}  # weights that are frozen while an update runs

    @abstractmethod
    def read(self) -> Values:
        """The weights' values, kept from changing."""

    @abstractmethod
    def trainable(self) -> set[str]:
        """The weights that are trainable now."""

    def same(self, a: Any, b: Any) -> bool:
        """Whether two values are."""
        return np.array_equal(a, b, equal_nan=True)

    def array(self, value: Any) -> Array:
        return np.asarray(value)

    def _changed(self, since: Values) -> list[str]:
        now = self.read() if since else {}
        return [name for name, old in since.items() if not self.same(now[name], old)]

    def forward(self) -> None:
        """The first forward pass begins."""
        if self._updated is None:
            self._record.set_before = self._changed(self._start)

    def updating(self) -> None:
        trainable = self.trainable()
        self._frozen = {n: value for n, value in self.read().items() if n not in trainable}

    def updated(self, by_optimizer: Callable[[str], bool] = lambda name: True) -> None:
        """An update has ended; `by_optimizer` tells which weights can have moved by it alone."""
        self._record.frozen_moved |= set(filter(by_optimizer, self._changed(self._frozen)))
        self._updated = self.read()

    def done(self) -> None:
        if self._updated is not None:
            self._record.set_after = self._changed(self._updated)
            names = [name for name in self._record.set_after if name in self._trainable]
            start, updated, end = (
                {name: self.array(values[name]) for name in names}
                for values in (self._start, self._updated, self.read() if names else {})
            )
            self._record.remaining = remaining(start, updated, end)
        self._record.frozen = sorted(self._trainable - self.trainable())


class Strangers(ABC):
    """Layers with weights that the model calls, and that are none of its own.

    Lives over several steps: a layer that is never seen twice is made anew in each.
    """

    def __init__(self, known: Container[int]) -> None:
        self._known = known  # ids of the model's own
        self._met: list[list[Any]] = []  # a list a step; holding them keeps their ids theirs
        self._now: list[tuple[Any, list[Any]]] = []  # layers, with their weights' values

    @abstractmethod
    def weights(self, layer: Any) -> list[Any]:
        """The trainable weights of a layer's own."""

    @abstractmethod
    def read(self, weight: Any) -> Any:
        """Its value, kept from changing."""

    def same(self, a: Any, b: Any) -> bool:
        """Whether two values are."""
        return np.array_equal(a, b, equal_nan=True)

    @abstractmethod
    def reaches(self, layer: Any) -> bool:
        """Whether a backward pass of the step got to the layer's weights."""

    @abstractmethod
    def is_held(self, weight: Any, held: set[int]) -> bool:
        """Whether it is among the tensors that optimizers hold, by their ids."""

    @abstractmethod
    def owners(self) -> Iterable[tuple[str, Any]]:
        """The model and its layers, each with its name, empty for the model."""

    def begin(self) -> None:
        self._now = []

    def called(self, layer: Any) -> None:
        """A layer was called inside the model's call."""
        if id(layer) in self._known or any(met is layer for met, _ in self._now):
            return
        if weights := self.weights(layer):
            self._now.append((layer, [self.read(weight) for weight in weights]))

    def tell(self, record: StepRecord, held: set[int]) -> None:
        """The step has ended."""
        for layer, before in self._now:
            if not self.reaches(layer):
                continue
            weights = self.weights(layer)
            pairs = zip(weights, before, strict=False)
            moved = not all(self.same(self.read(weight), old) for weight, old in pairs)
            met_before = any(met is layer for step in self._met for met in step)
            record.unlisted.append(
                Unlisted(
                    type(layer).__name__,
                    place_of(self.owners(), layer),
                    trained=moved or any(self.is_held(weight, held) for weight in weights),
                    made_anew=bool(self._met) and not met_before,
                )
            )
        self._met.append([layer for layer, _ in self._now])
