"""What a user's step function holds: counters, schedulers, generators, other models.

A step is replayed several times from the same start.  What it keeps between calls, in a closure,
on the object it is a method of, or in globals, has to go back to the start with the weights.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from ..frameworks import Undo
from .tree import leaves

_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_DEPTH = 3  # a step, a helper it calls, the helper's own object
_LOOKED_AT = 64  # entries of a list or dict


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
    """Something that holds a value and can be given another: a variable, an attribute."""

    name: str
    get: Callable[[], Any]
    set: Callable[[Any], None]


@dataclass(frozen=True)
class Keeper:
    """Where a step keeps something between calls: its name, its value, and how to note it."""

    name: str
    read: Callable[[], Any]
    save: Callable[[], Undo]
    draws: bool = False  # whether it is the state of a random generator


class Held:
    """All that can be reached from a step function: places that hold plain values, and objects.

    Arrays that cannot change in place (`is_array`, JAX's) are values too, alone or in tuples,
    lists and dicts; `revive(array)` gives a function that gives the array back later.
    `owners` are objects whose attributes count as well, though no step may reach them; attributes
    named in `ignored` never count.
    """

    def __init__(
        self,
        step: Callable[..., Any] | None,
        is_array: Callable[[Any], bool] = lambda leaf: False,
        revive: Callable[[Any], Callable[[], Any]] = lambda array: lambda: array,
        owners: Iterable[Any] = (),
        ignored: Iterable[str] = (),
    ) -> None:
        self._ignored = frozenset(ignored)
        self._is_array, self._revive = is_array, revive
        self.kept: list[Keeper] = []
        self.places: list[Place] = []  # those that hold values
        self.objects: list[Any] = []
        self._seen: set[int] = set()
        if step is not None:
            self._visit(step, _DEPTH, "")
        for owner in owners:
            if id(owner) not in self._seen:
                self._attributes(owner, 0)

    def save(self) -> Undo:
        """Note the plain values, containers of them, and generators; the result restores them."""
        undos = [keeper.save() for keeper in self.kept]

        def undo() -> None:
            for each in undos:
                each()

        return undo

    def _visit(self, thing: Any, depth: int, name: str) -> None:
        if depth < 0 or id(thing) in self._seen or isinstance(thing, type):
            return
        self._seen.add(id(thing))
        match thing:
            case partial():
                self._visit(thing.func, depth, name)
                for value in (*thing.args, *thing.keywords.values()):
                    self._visit(value, depth - 1, name)
            case MethodType():
                self._visit(thing.__func__, depth, name)
                self._attributes(thing.__self__, depth)
            case FunctionType():
                if _is_users(thing):
                    self._function(thing, depth)
                elif hasattr(thing, "__wrapped__"):  # a library's around one of the user's
                    self._visit(thing.__wrapped__, depth, name)
            case list() | dict() | set():
                self._container(thing, depth, name)
            case np.random.Generator() | np.random.RandomState() | random.Random():
                self.kept.append(_generator(name, thing))
            case _ if hasattr(thing, "python_function"):  # a tf.function
                self._visit(thing.python_function, depth, name)
            case _ if isinstance(wrapped := getattr(thing, "__wrapped__", None), FunctionType):
                self._visit(wrapped, depth, name)  # compiled by JAX
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
                cell.cell_contents  # noqa: B018
            except ValueError:  # not filled yet
                continue
            get = partial(getattr, cell, "cell_contents")
            self._keep(Place(name, get, partial(_fill, cell)), depth)
        for name in function.__code__.co_names:
            if name not in function.__globals__:
                continue
            if not isinstance(function.__globals__[name], type(np)):
                self._keep(_key(function.__globals__, name, name), depth)

    def _attributes(self, owner: Any, depth: int) -> None:
        attributes = getattr(owner, "__dict__", {})
        if not any(known is owner for known in self.objects):
            self.objects.append(owner)
        for key in list(attributes):
            if key not in self._ignored:
                self._keep(_key(attributes, key, f"{type(owner).__name__}.{key}"), depth)
        for kind in filter(_is_users_class, type(owner).__mro__):
            for key, value in vars(kind).items():
                if _is_plain(value) and key not in attributes and not key.startswith("__"):
                    name = f"{type(owner).__name__}.{key}"
                    self.kept.append(_default(name, owner, key))

    def _container(self, container: Any, depth: int, name: str) -> None:
        values = list(container.values() if isinstance(container, dict) else container)
        if all(_is_plain(value) for value in values):
            self.kept.append(Keeper(name, container.copy, partial(_save_container, container)))
        elif isinstance(container, dict):
            for key in list(container)[:_LOOKED_AT]:
                self._keep(_key(container, key, f"{name}[{key!r}]"), depth)
            return
        for value in _limited(values):
            if not _is_plain(value):
                self._visit(value, depth - 1, name)

    def _keep(self, place: Place, depth: int) -> None:
        """Note a place that holds a value; look into what is in any other."""
        value = place.get()
        if self._is_value(value):
            self.places.append(place)
            self.kept.append(Keeper(place.name, place.get, partial(self._save_place, place)))
        else:
            self._visit(value, depth - 1, place.name)

    def _is_value(self, value: Any) -> bool:
        if isinstance(value, (list, tuple, dict)):
            parts = leaves(value)
            values = all(_is_plain(part) or self._is_array(part) for part in parts)
            return values and any(self._is_array(part) for part in parts)
        return _is_plain(value) or self._is_array(value)

    def _save_place(self, place: Place) -> Undo:
        again = self._note(place.get())
        return lambda: place.set(again())

    def _note(self, value: Any) -> Callable[[], Any]:
        """A function that gives the value again, lists and dicts with what they hold now."""
        if isinstance(value, dict):
            parts = {key: self._note(part) for key, part in value.items()}

            def dictionary() -> Any:
                value.clear()
                value.update((key, part()) for key, part in parts.items())
                return value

            return dictionary
        if isinstance(value, (list, tuple)):
            items = [self._note(part) for part in value]

            def sequence() -> Any:
                again = [item() for item in items]
                if isinstance(value, list):
                    value[:] = again
                    return value
                same = all(new is old for new, old in zip(again, value, strict=True))
                if same:
                    return value
                return type(value)(*again) if hasattr(value, "_fields") else tuple(again)

            return sequence
        return self._revive(value) if self._is_array(value) else lambda: value


def _limited(values: list[Any]) -> Iterator[Any]:
    """The first values; a list of thousands is data, not state."""
    yield from values[:_LOOKED_AT]


def _fill(cell: CellType, value: Any) -> None:
    cell.cell_contents = value


def _key(mapping: dict[Any, Any], key: Any, name: str) -> Place:
    return Place(name, partial(mapping.__getitem__, key), partial(mapping.__setitem__, key))


def _default(name: str, owner: Any, key: str) -> Keeper:
    """An attribute that stands on the class until it is set."""

    def save() -> Undo:
        if key in vars(owner):
            value = vars(owner)[key]
            return lambda: vars(owner).update({key: value})

        def undo() -> None:
            vars(owner).pop(key, None)

        return undo

    return Keeper(name, lambda: getattr(owner, key), save)


def _save_container(container: Any) -> Undo:
    copy = container.copy()

    def undo() -> None:
        container.clear()
        if isinstance(container, list):
            container.extend(copy)
        else:
            container.update(copy)

    return undo


def _generator(name: str, generator: Any) -> Keeper:
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

    return Keeper(name, state, save, draws=True)


def global_generators() -> list[Keeper]:
    """Those behind the functions of `np.random` and `random`."""
    return [
        _generator("np.random", np.random.mtrand._rand),
        _generator("random", random._inst),
    ]
