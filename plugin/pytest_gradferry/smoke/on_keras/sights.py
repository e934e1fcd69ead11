"""More that is seen in one step of Keras: weights set outside of updates, layers not listed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...frameworks import Array
from ...keras_layers import layers_of
from ..held import is_users_class
from ..places import place_of
from ..record import StepRecord, Unlisted
from ..verdict import remaining
from .backends.backend import Backend

_DEPTH = 2  # an object or a list in an attribute, and one in that


class Settings:
    """Which weights a step sets itself, outside of the optimizers' updates."""

    def __init__(
        self, record: StepRecord, model: Any, variables: dict[str, Any], backend: Backend
    ) -> None:
        self._record, self._model, self._variables = record, model, variables
        self._backend = backend
        self._start = self._read()
        self._trainable = self._now_trainable()
        self._updated: dict[str, Array] | None = None
        self._frozen: dict[str, Array] = {}  # weights that are frozen while an update runs

    def _now_trainable(self) -> set[str]:
        return {name for name, variable in self._variables.items() if variable.trainable}

    def _read(self) -> dict[str, Array]:
        return {name: self._backend.read(v) for name, v in self._variables.items()}

    def _changed(self, since: dict[str, Array]) -> list[str]:
        now = self._read()
        return [n for n in since if not np.array_equal(now[n], since[n], equal_nan=True)]

    def forward(self) -> None:
        """The first forward pass begins."""
        if self._updated is None:
            self._record.set_before = self._changed(self._start)

    def updating(self) -> None:
        trainable = self._now_trainable()
        self._frozen = {n: value for n, value in self._read().items() if n not in trainable}

    def updated(self) -> None:
        self._record.frozen_moved |= set(self._changed(self._frozen))
        self._updated = self._read()

    def done(self) -> None:
        if self._updated is not None:
            self._record.set_after = self._changed(self._updated)
            names = [name for name in self._trainable if name in self._record.set_after]
            start, updated, end = (
                {name: values[name] for name in names}
                for values in (self._start, self._updated, self._read())
            )
            self._record.remaining = remaining(start, updated, end)
        trainable = self._now_trainable()
        self._record.frozen = sorted(self._trainable - trainable)


class Strangers:
    """Layers with weights that the model calls, and that are none of its own.

    Lives over several steps: a layer that is never seen twice is made anew in each.
    """

    def __init__(self, model: Any, known: dict[int, str], backend: Backend) -> None:
        self._model, self._known, self._backend = model, known, backend
        self._met: list[list[Any]] = []  # a list a step; holding them keeps their ids theirs
        self._now: list[tuple[Any, list[Array]]] = []
        self._used: set[int] = set()  # layers whose weights got a gradient

    def begin(self) -> None:
        self._now, self._used = [], set()

    def called(self, layer: Any, inside: bool) -> None:
        """A layer was called, inside the model's call or not."""
        if not inside or id(layer) in self._known or not getattr(layer, "_trainable_variables", ()):
            return
        if not any(known is layer for known, _ in self._now):
            values = [self._backend.read(v) for v in layer._trainable_variables]
            self._now.append((layer, values))

    def variables(self) -> list[Any]:
        return [v for layer, _ in self._now for v in layer._trainable_variables if v.trainable]

    def reached(self, variables: list[Any]) -> None:
        """These of the variables got a gradient."""
        ids = {id(v) for v in variables}
        self._used |= {
            id(la) for la, _ in self._now if any(id(v) in ids for v in la._trainable_variables)
        }

    def tell(self, record: StepRecord, held: set[int]) -> None:
        """`held`: the ids of the variables that optimizers hold."""
        parts = layers_of(self._model)
        owners = [
            ("" if part is self._model else self._known.get(id(part), part.name), part)
            for part in parts
        ]
        handles = self._backend.handles
        for layer, before in self._now:
            if id(layer) not in self._used:
                continue
            weights = layer._trainable_variables
            after = [self._backend.read(v) for v in weights]
            moved = any(not np.array_equal(a, b) for a, b in zip(after, before, strict=False))
            met_before = any(known is layer for step in self._met for known in step)
            record.unlisted.append(
                Unlisted(
                    type(layer).__name__,
                    place_of(owners, layer),
                    trained=moved or any(id(h) in held for v in weights for h in handles(v)),
                    made_anew=bool(self._met) and not met_before,
                )
            )
        self._met.append([layer for layer, _ in self._now])


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
