"""Optimizers that nobody could reach before they first updated."""

from __future__ import annotations

from typing import Any

from ..frameworks import Undo, together


class Latecomers:
    """What they are is noted when they are met, and put back to that by whatever was noted before.

    `strangers` are the tensors they hold besides the model's weights.
    """

    def __init__(self) -> None:
        self.strangers: list[Any] = []
        self._undos: list[Undo] = []

    def add(self, undo: Undo, strangers: list[Any]) -> None:
        self._undos.append(undo)
        self.strangers += strangers

    def save(self) -> Undo:
        known = len(self._undos)
        return lambda: together(*self._undos[known:])()
