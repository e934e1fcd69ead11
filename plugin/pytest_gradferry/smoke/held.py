"""What a user's step function holds: counters, schedulers, generators, other models.

A step is replayed several times from the same start.  What it keeps between calls, in a closure,
on the object it is a method of, or in globals, has to go back to the start with the weights.
"""

from __future__ import annotations

import functools
import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from ..frameworks import Undo

_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_DEPTH = 3  # a step, a helper it calls, the helper's own object


_STANDARD_LIBRARY = os.path.dirname(os.__file__)


def _is_plain(value: Any) -> bool:
    return isinstance(value, _PLAIN)


def _is_users(function: FunctionType) -> bool:
    """Not of an installed library: what those keep in globals is not the step's to restore."""
    path = function.__code__.co_filename
    return "site-packages" not in path and not path.startswith(_STANDARD_LIBRARY)


def _is_users_class(kind: type[Any]) -> bool:
    path = getattr(sys.modules.get(kind.__module__), "__file__", None) or "site-packages"
    return "site-packages" not in path and not path.startswith(_STANDARD_LIBRARY)


@dataclass(frozen=True)
class Place:
    """Where something is kept that a step may change: its name, its value, and how to note it."""

    name: str
    read: Callable[[], Any]
    save: Callable[[], Undo]
    draws: bool = False  # whether it is the state of a random generator


class Held:
    """All that can be reached from a step function: places that hold plain values, and objects.

    `owners` are objects whose attributes count as well, though no step may reach them; attributes
    named in `ignored` never count.
    """

    def __init__(
        self,
        step: Callable[..., Any] | None,
        owners: Iterable[Any] = (),
        ignored: Iterable[str] = (),
    ) -> None:
        self._ignored = frozenset(ignored)
        self.places: list[Place] = []
        self.objects: list[Any] = []
        self._seen: set[int] = set()
        if step is not None:
            self._visit(step, _DEPTH, "")
        for owner in owners:
            if id(owner) not in self._seen:
                self._attributes(owner, 0)

    def save(self) -> Undo:
        """Note the plain values, containers of them, and generators; the result restores them."""
        undos = [place.save() for place in self.places]

        def undo() -> None:
            for each in undos:
                each()

        return undo

    def _visit(self, thing: Any, depth: int, name: str) -> None:
        if depth < 0 or id(thing) in self._seen or isinstance(thing, type):
            return
        self._seen.add(id(thing))
        match thing:
            case functools.partial():
                self._visit(thing.func, depth, name)
                for value in (*thing.args, *thing.keywords.values()):
                    self._visit(value, depth - 1, name)
            case MethodType():
                self._visit(thing.__func__, depth, name)
                self._attributes(thing.__self__, depth)
            case FunctionType():
                if _is_users(thing):
                    self._function(thing, depth)
            case list() | dict() | set():
                self._container(thing, depth, name)
            case np.random.Generator() | np.random.RandomState() | random.Random():
                self.places.append(_generator(name, thing))
            case _ if hasattr(thing, "python_function"):  # a tf.function
                self._visit(thing.python_function, depth, name)
            case _:
                self.objects.append(thing)
                if depth > 0 and _is_users_class(type(thing)):
                    self._attributes(thing, depth)
                if depth == _DEPTH:  # the step is an object with __call__
                    self._visit(vars(type(thing)).get("__call__"), depth, name)

    def _function(self, function: FunctionType, depth: int) -> None:
        names = function.__code__.co_freevars
        for name, cell in zip(names, function.__closure__ or (), strict=True):
            try:
                value = cell.cell_contents
            except ValueError:  # not filled yet
                continue
            if _is_plain(value):
                self.places.append(_cell(name, cell))
            else:
                self._visit(value, depth - 1, name)
        for name in function.__code__.co_names:
            if name not in function.__globals__:
                continue
            value = function.__globals__[name]
            if _is_plain(value):
                self.places.append(_key(name, function.__globals__, name))
            elif not isinstance(value, type(np)):
                self._visit(value, depth - 1, name)

    def _attributes(self, owner: Any, depth: int) -> None:
        attributes = getattr(owner, "__dict__", {})
        if not any(known is owner for known in self.objects):
            self.objects.append(owner)
        for key, value in attributes.items():
            if key in self._ignored:
                continue
            name = f"{type(owner).__name__}.{key}"
            if _is_plain(value):
                self.places.append(_key(name, attributes, key))
            else:
                self._visit(value, depth - 1, name)

    def _container(self, container: Any, depth: int, name: str) -> None:
        values = list(container.values() if isinstance(container, dict) else container)
        if all(_is_plain(value) for value in values):
            self.places.append(Place(name, container.copy, lambda: _save_container(container)))
        for value in _limited(values):
            if not _is_plain(value):
                self._visit(value, depth - 1, name)


def _limited(values: list[Any]) -> Iterator[Any]:
    """The first values; a list of thousands is data, not state."""
    yield from values[:64]


def _cell(name: str, cell: CellType) -> Place:
    def save() -> Undo:
        value = cell.cell_contents

        def undo() -> None:
            cell.cell_contents = value

        return undo

    return Place(name, lambda: cell.cell_contents, save)


def _key(name: str, mapping: dict[str, Any], key: str) -> Place:
    def save() -> Undo:
        value = mapping[key]

        def undo() -> None:
            mapping[key] = value

        return undo

    return Place(name, lambda: mapping[key], save)


def _save_container(container: Any) -> Undo:
    copy = container.copy()

    def undo() -> None:
        container.clear()
        if isinstance(container, list):
            container.extend(copy)
        else:
            container.update(copy)

    return undo


def _generator(name: str, generator: Any) -> Place:
    def state() -> Any:
        if isinstance(generator, random.Random):
            return generator.getstate()
        if isinstance(generator, np.random.RandomState):
            return generator.get_state()
        return generator.bit_generator.state

    def save() -> Undo:
        noted = state()

        def undo() -> None:
            if isinstance(generator, random.Random):
                generator.setstate(noted)
            elif isinstance(generator, np.random.RandomState):
                generator.set_state(noted)
            else:
                generator.bit_generator.state = noted

        return undo

    return Place(name, state, save, draws=True)


def global_generators() -> list[Place]:
    """Those behind the functions of `np.random` and `random`."""
    return [
        _generator("np.random", np.random.mtrand._rand),
        _generator("random", random._inst),
    ]
