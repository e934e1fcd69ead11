"""What a Keras training writes to go on later: weights, and the variables of its optimizers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...frameworks import Undo, load, together
from ...wording import listed
from ..files import Checkpoint, Piece, of_batch
from ..held import Place
from ..on_torch.state_file import StateFile
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
        self._states = [StateFile(thing) for thing in others if _of_torch(thing)]
        names = [type(thing).__name__ for thing in (trainee.model, *others)]
        self.holds = f"the file of {listed(list(dict.fromkeys(names)))}"

    def _others(self) -> list[Any]:
        """Optimizers, and what the step, not the model, leads to."""
        held, model = self._trainee.held, self._trainee.model
        known = set(map(id, self._trainee.structure.parts())) | held.in_model
        optimizers = [o for o in self._trainee.optimizers if o is not _compiled_optimizer(model)]
        known |= {id(optimizer) for optimizer in self._trainee.optimizers}
        reached = [thing for thing in held.objects if id(thing) not in known]
        stateful = [t for t in reached if self._variables_of(t) or _of_torch(t)]
        return [*optimizers, *stateful]

    def _variables_of(self, thing: Any) -> list[Any]:
        is_variable = self._trainee.backend.is_variable
        if is_variable(thing):
            return [thing]
        found = getattr(thing, "variables", ())
        return [v for v in found if is_variable(v)] if isinstance(found, (list, tuple)) else []

    def save(self, folder: Path) -> None:
        self._save_model(folder)
        for number, variable in enumerate(self._variables):
            np.save(folder / f"{number}.npy", self._trainee.framework.to_numpy(variable))
        for number, state in enumerate(self._states):
            state.save(folder / f"{number}.pt")

    def load(self, folder: Path) -> None:
        self._load_model(folder)
        for number, variable in enumerate(self._variables):
            value = np.load(folder / f"{number}.npy", allow_pickle=False)
            if hasattr(variable, "assign"):
                variable.assign(value.astype(_dtype(variable)))
            else:  # a tensor of torch's
                variable.data.copy_(load("torch").as_tensor(value))
        for number, state in enumerate(self._states):
            state.load(folder / f"{number}.pt")

    def _save_model(self, folder: Path) -> None:
        self._trainee.model.save_weights(folder / "model.weights.h5")

    def _load_model(self, folder: Path) -> None:
        self._trainee.model.load_weights(folder / "model.weights.h5")

    def aside(self) -> Undo:
        trainee = self._trainee
        return together(
            trainee.held.save_generators(),
            trainee.backend.save_model(trainee.model),
            # of the batch, like the data's order
            trainee.backend.save_variables(trainee.structure.recurrent_states(trainee.model)),
        )

    def left_out(self) -> list[Piece]:
        held = self._trainee.held
        return [
            Piece(
                place.name,
                place.of_model and not of_batch(place.get(), self._trainee),
                place.get,
                partial(held.save_place, place),
                self._advice(place),
            )
            for place in held.places
        ]

    def _advice(self, place: Place) -> tuple[str, str]:
        if not place.of_model:
            return "", ""
        values = leaves(place.get())
        if any(self._trainee.backend.is_variable(value) for value in values):
            return "make it a keras.Variable, or use self.add_weight", "XFR116"
        return "keep it in a weight: self.add_weight(..., trainable=False)", ""


class ModuleCheckpoint(KerasCheckpoint):
    """The tf.train.Checkpoint of a tf.Module, and the variables of what else the step reaches."""

    def __init__(self, trainee: KerasTrainee) -> None:
        super().__init__(trainee)
        self.holds = self.holds.replace("the file", "the tf.train.Checkpoint", 1)

    def _save_model(self, folder: Path) -> None:
        self._checkpoint().write(str(folder / "model"))

    def _load_model(self, folder: Path) -> None:
        self._checkpoint().read(str(folder / "model")).assert_existing_objects_matched()

    def _checkpoint(self) -> Any:
        return load("tensorflow").train.Checkpoint(model=self._trainee.model)

    def _advice(self, place: Place) -> tuple[str, str]:
        if not place.of_model:
            return "", ""
        return "keep it in a tf.Variable that is an attribute of the module, trainable=False", ""


def _of_torch(thing: Any) -> bool:
    """Whether it is an optimizer, a schedule or a gradient scaler of torch's."""
    of_torch = any(base.__module__.startswith("torch.") for base in type(thing).__mro__)
    stateful = hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict")
    return of_torch and stateful and not hasattr(thing, "parameters")


def _compiled_optimizer(model: Any) -> Any:
    """The optimizer that a weights file holds along with the model."""
    return model.optimizer if getattr(model, "compiled", False) else None


def _dtype(variable: Any) -> Any:
    return getattr(variable.dtype, "as_numpy_dtype", variable.dtype)
