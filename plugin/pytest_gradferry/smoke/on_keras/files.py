"""Keras models to files and back."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...frameworks import Array, load
from ..files import Checkpoint, Files, RoundTrip
from . import errors, reloaded
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
        trainee = self._trainee

        def weights() -> list[Array]:
            path = folder / "model.weights.h5"
            trainee.model.save_weights(path)
            trainee.assign(self._before_training)
            trainee.model.load_weights(path)
            return trainee.predict_with(trainee.model)[0]

        yield RoundTrip("saving and loading the weights", weights)
        path = folder / "model.keras"
        loaded: list[Any] = []

        def whole() -> list[Array]:
            trainee.model.save(path)
            loaded.append(self._load(path))
            return trainee.predict_with(loaded[0])[0]

        def advice(error: BaseException | None) -> tuple[str, str, str]:
            lost = error is None and reloaded.explain(trainee, loaded[0])
            told = "" if error is None else errors.reason(error)
            return lost or errors.loading_advice(told)

        yield RoundTrip(
            "saving and loading a .keras file",
            whole,
            advice=advice,
            reason=errors.reason,
            excused=(Exception,) if self._without_config() else (),
        )
        if trainee.fitted and loaded:
            yield RoundTrip(
                "loading the optimizer with a .keras file",
                lambda: reloaded.optimizer_state(trainee, self._load(path, compiled=True)),
                advice=lambda error: reloaded.why_optimizer_lost(trainee),
                reason=errors.reason,
                excused=(reloaded.NotCompiled,),
                kept=lambda: reloaded.optimizer_state(trainee, trainee.model),
                compared="optimizer's variables",
            )

    def _load(self, path: Path, compiled: bool = False) -> Any:
        trainee = self._trainee
        own = trainee.structure.own_classes()
        own |= reloaded.compiled_with(trainee) if compiled else {}
        load = trainee.keras.models.load_model
        try:
            with warnings.catch_warnings():
                if compiled:  # of state that does not fit, which is looked at here
                    warnings.simplefilter("ignore")
                return load(path, custom_objects=own, compile=compiled, safe_mode=False)
        except Exception as error:
            if compiled:  # without its optimizer it did load
                raise reloaded.NotCompiled(errors.reason(error)) from error
            raise

    def checkpoint(self) -> Checkpoint | None:
        return KerasCheckpoint(self._trainee) if self._trainee.backend.in_variables() else None

    def _without_config(self) -> bool:
        """Whether a layer was never meant for a file: one of the user's own without get_config, or
        a Lambda, whose function comes back without the names around it."""
        structure = self._trainee.structure
        if any(isinstance(x, load("keras").layers.Lambda) for x in structure.keras_layers()):
            return True
        return any(
            not any("get_config" in vars(base) for base in kind.__mro__ if base in own)
            for own in [set(structure.own_classes().values())]
            for kind in own
        )
