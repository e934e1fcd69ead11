"""Keras models to files and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...frameworks import Array
from ..files import Checkpoint, Files, RoundTrip
from . import errors
from .checkpoint import KerasCheckpoint

if TYPE_CHECKING:
    from .trainee import KerasTrainee


class KerasFiles(Files):
    """The weights, into the same model put back to its start; the whole model, into a new one."""

    def __init__(self, trainee: KerasTrainee) -> None:
        self._trainee = trainee

    def prepare(self) -> None:
        self._before_training = self._trainee.values()

    def round_trips(self, folder: Path) -> Iterator[RoundTrip]:
        def weights() -> list[Array]:
            path = folder / "model.weights.h5"
            self._trainee.model.save_weights(path)
            self._trainee.assign(self._before_training)
            self._trainee.model.load_weights(path)
            return self._trainee.predict_with(self._trainee.model)[0]

        def whole() -> list[Array]:
            path = folder / "model.keras"
            self._trainee.model.save(path)
            loaded = self._trainee.keras.models.load_model(
                path, custom_objects=self._trainee.own_classes(), compile=False, safe_mode=False
            )
            return self._trainee.predict_with(loaded)[0]

        yield RoundTrip("saving and loading the weights", weights)
        yield RoundTrip(
            "saving and loading a .keras file",
            whole,
            advice=lambda error: errors.loading_advice(
                errors.reason(error) if error is not None else ""
            ),
            reason=errors.reason,
            excused=(Exception,) if self._without_config() else (),
        )

    def checkpoint(self) -> Checkpoint | None:
        return KerasCheckpoint(self._trainee) if self._trainee.backend.in_variables() else None

    def _without_config(self) -> bool:
        """Whether a layer of the user's own was never meant for a file: it has no get_config."""
        return any(
            not any("get_config" in vars(base) for base in kind.__mro__ if base in own)
            for own in [set(self._trainee.own_classes().values())]
            for kind in own
        )
