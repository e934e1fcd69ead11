"""More that is seen in one step of Keras: weights set outside of updates, layers not listed."""

from __future__ import annotations

from typing import Any

from ...frameworks import Array
from ...keras_layers import layers_of
from .. import sights
from ..held import is_users_class
from ..record import StepRecord
from .backends.backend import Backend

_DEPTH = 2  # an object or a list in an attribute, and one in that


class Settings(sights.Settings):
    """See `sights.Settings`."""

    def __init__(self, record: StepRecord, variables: dict[str, Any], backend: Backend) -> None:
        self._variables, self._backend = variables, backend
        super().__init__(record)

    def read(self) -> dict[str, Array]:
        return {name: self._backend.read(v) for name, v in self._variables.items()}

    def trainable(self) -> set[str]:
        return {name for name, variable in self._variables.items() if variable.trainable}


class Strangers(sights.Strangers):
    """See `sights.Strangers`.  The backend tells which variables got a gradient."""

    def __init__(self, model: Any, known: dict[int, str], backend: Backend) -> None:
        super().__init__(known)
        self._model, self._names, self._backend = model, known, backend
        self._reached: set[int] = set()  # ids of variables

    def begin(self) -> None:
        super().begin()
        self._reached = set()

    def weights(self, layer: Any) -> list[Any]:
        return list(getattr(layer, "_trainable_variables", ()))

    def read(self, weight: Any) -> Array:
        return self._backend.read(weight)

    def variables(self) -> list[Any]:
        """Those that are trainable now."""
        return [v for layer, _ in self._now for v in self.weights(layer) if v.trainable]

    def reached(self, variables: list[Any]) -> None:
        """These of the variables got a gradient."""
        self._reached |= {id(variable) for variable in variables}

    def reaches(self, layer: Any) -> bool:
        return any(id(variable) in self._reached for variable in self.weights(layer))

    def is_held(self, weight: Any, held: set[int]) -> bool:
        return any(id(handle) in held for handle in self._backend.handles(weight))

    def owners(self) -> list[tuple[str, Any]]:
        return [
            ("" if part is self._model else self._names.get(id(part), part.name), part)
            for part in layers_of(self._model)
        ]


def plain_variables(model: Any, owners: dict[str, Any], tf: Any) -> dict[str, Any]:
    """tf.Variables that stand in attributes of the model's parts, or in lists, dicts and objects
    of the user's own there, and that the model does not list."""
    known = {id(getattr(v, "value", v)) for v in model.variables} | {id(v) for v in model.variables}
    found: dict[str, Any] = {}
    todo = [
        (f"{owner}.{name}", value, _DEPTH)
        for owner, part in owners.items()
        for name, value in vars(part).items()
    ]
    while todo:
        place, value, depth = todo.pop(0)
        if isinstance(value, tf.Variable):
            if value.trainable and id(value) not in known:
                known.add(id(value))
                found[place] = value
        elif depth == 0 or isinstance(value, tf.Module):  # a Keras layer is one too
            continue
        elif isinstance(value, dict):
            todo += [(f"{place}[{key!r}]", item, depth - 1) for key, item in value.items()]
        elif isinstance(value, (list, tuple)):
            todo += [(f"{place}[{i}]", item, depth - 1) for i, item in enumerate(value)]
        elif is_users_class(type(value)):
            inner = getattr(value, "__dict__", {})
            todo += [(f"{place}.{name}", item, depth - 1) for name, item in inner.items()]
    return found
