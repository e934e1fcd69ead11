"""What a Keras training writes to go on later: weights, and the variables of its optimizers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...frameworks import Undo
from ...wording import listed
from ..files import Checkpoint, Piece
from ..held import Place
from ..tree import leaves

if TYPE_CHECKING:
    from .trainee import KerasTrainee


class KerasCheckpoint(Checkpoint):
    """The model's weights file, which holds a compiled model's optimizer too, and the variables of
    what else the step reaches: other optimizers, models and metrics, as tf.train.Checkpoint has
    them."""

    def __init__(self, trainee: KerasTrainee) -> None:
        self._trainee = trainee
        others = self._others()
        self._variables = [v for thing in others for v in self._variables_of(thing)]
        names = [type(thing).__name__ for thing in (trainee.model, *others)]
        self.holds = f"the file of {listed(list(dict.fromkeys(names)))}"

    def _others(self) -> list[Any]:
        """Optimizers, and what the step, not the model, leads to."""
        held, model = self._trainee.held, self._trainee.model
        known = {id(layer) for layer in model._flatten_layers()} | held.in_model
        optimizers = [o for o in self._trainee.optimizers if o is not _compiled_optimizer(model)]
        known |= {id(optimizer) for optimizer in self._trainee.optimizers}
        reached = [thing for thing in held.objects if id(thing) not in known]
        return [*optimizers, *(thing for thing in reached if self._variables_of(thing))]

    def _variables_of(self, thing: Any) -> list[Any]:
        is_variable = self._trainee.backend.is_variable
        if is_variable(thing):
            return [thing]
        found = getattr(thing, "variables", ())
        return [v for v in found if is_variable(v)] if isinstance(found, (list, tuple)) else []

    def save(self, folder: Path) -> None:
        trainee = self._trainee
        trainee.model.save_weights(folder / "model.weights.h5")
        for number, variable in enumerate(self._variables):
            np.save(folder / f"{number}.npy", trainee.framework.to_numpy(variable))

    def load(self, folder: Path) -> None:
        self._trainee.model.load_weights(folder / "model.weights.h5")
        for number, variable in enumerate(self._variables):
            value = np.load(folder / f"{number}.npy", allow_pickle=False)
            variable.assign(value.astype(_dtype(variable)))

    def aside(self) -> Undo:
        trainee = self._trainee
        undos = [
            trainee.held.save_generators(),
            trainee.backend.save_model(trainee.model),
            # of the batch, like the data's order
            trainee.backend.save_variables(trainee.recurrent_states(trainee.model)),
        ]

        def undo() -> None:
            for each in undos:
                each()

        return undo

    def left_out(self) -> list[Piece]:
        held = self._trainee.held
        return [
            Piece(
                place.name,
                place.of_model and not self._of_batch(place),
                place.get,
                partial(held.save_place, place),
                self._advice(place),
            )
            for place in held.places
        ]

    def _of_batch(self, place: Place) -> bool:
        """Whether it has a row a sample: state that is carried along with the data."""
        sizes = {leaf.shape[0] for leaf in leaves(self._trainee.inputs) if len(leaf.shape)}
        held = [leaf for leaf in leaves(place.get()) if self._trainee.backend.is_tensor(leaf)]
        return bool(held) and all(sizes & set(tuple(leaf.shape)[:-1]) for leaf in held)

    def _advice(self, place: Place) -> tuple[str, str]:
        if not place.of_model:
            return "", ""
        values = leaves(place.get())
        if any(self._trainee.backend.is_variable(value) for value in values):
            return "make it a keras.Variable, or use self.add_weight", "XFR116"
        return "keep it in a weight: self.add_weight(..., trainable=False)", ""


def _compiled_optimizer(model: Any) -> Any:
    """The optimizer that a weights file holds along with the model."""
    return model.optimizer if getattr(model, "compiled", False) else None


def _dtype(variable: Any) -> Any:
    return getattr(variable.dtype, "as_numpy_dtype", variable.dtype)
