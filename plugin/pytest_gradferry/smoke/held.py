"""What a user's step function holds: counters, schedulers, generators, other models.

A step is replayed several times from the same start.  What it keeps between calls, in a closure,
on the object it is a method of, or in globals, has to go back to the start with the weights.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
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

    get: Callable[[], Any]
    set: Callable[[Any], None]


class Held:
    """All that can be reached from a step function: places that hold plain values, and objects.

    Arrays that cannot change in place (`is_array`, JAX's) are values too, alone or in tuples,
    lists and dicts; `revive(array)` gives a function that gives the array back later.
    """

    def __init__(
        self,
        step: Callable[..., Any],
        is_array: Callable[[Any], bool] = lambda leaf: False,
        revive: Callable[[Any], Callable[[], Any]] = lambda array: lambda: array,
    ) -> None:
        self._is_array, self._revive = is_array, revive
        self._undos: list[Callable[[], Undo]] = []
        self.places: list[Place] = []  # those that hold values
        self.objects: list[Any] = []
        self._seen: set[int] = set()
        self._visit(step, _DEPTH)

    def save(self) -> Undo:
        """Note the plain values, containers of them, and generators; the result restores them."""
        undos = [save() for save in self._undos]
        undos += [self._save_place(place) for place in self.places]

        def undo() -> None:
            for each in undos:
                each()

        return undo

    def _visit(self, thing: Any, depth: int) -> None:
        if depth < 0 or id(thing) in self._seen or isinstance(thing, type):
            return
        self._seen.add(id(thing))
        match thing:
            case partial():
                self._visit(thing.func, depth)
                for value in (*thing.args, *thing.keywords.values()):
                    self._visit(value, depth - 1)
            case MethodType():
                self._visit(thing.__func__, depth)
                self._attributes(thing.__self__, depth)
            case FunctionType():
                if _is_users(thing):
                    self._function(thing, depth)
                elif hasattr(thing, "__wrapped__"):  # a library's around one of the user's
                    self._visit(thing.__wrapped__, depth)
            case list() | dict() | set():
                self._container(thing, depth)
            case np.random.Generator() | np.random.RandomState() | random.Random():
                self._undos.append(partial(_save_generator, thing))
            case _ if hasattr(thing, "python_function"):  # a tf.function
                self._visit(thing.python_function, depth)
            case _ if isinstance(wrapped := getattr(thing, "__wrapped__", None), FunctionType):
                self._visit(wrapped, depth)  # compiled by JAX
            case _:
                self.objects.append(thing)
                if depth > 0 and _is_users_class(type(thing)):
                    self._attributes(thing, depth)
                if depth == _DEPTH:  # the step is an object with __call__
                    self._visit(vars(type(thing)).get("__call__"), depth)

    def _function(self, function: FunctionType, depth: int) -> None:
        for cell in function.__closure__ or ():
            try:
                cell.cell_contents  # noqa: B018
            except ValueError:  # not filled yet
                continue
            self._keep(Place(partial(getattr, cell, "cell_contents"), partial(_fill, cell)), depth)
        for name in function.__code__.co_names:
            if name not in function.__globals__:
                continue
            if not isinstance(function.__globals__[name], type(np)):
                self._keep(_key(function.__globals__, name), depth)

    def _attributes(self, owner: Any, depth: int) -> None:
        attributes = getattr(owner, "__dict__", {})
        if not any(known is owner for known in self.objects):
            self.objects.append(owner)
        for name in attributes:
            self._keep(_key(attributes, name), depth)

    def _container(self, container: Any, depth: int) -> None:
        values = list(container.values() if isinstance(container, dict) else container)
        if all(_is_plain(value) for value in values):
            self._undos.append(partial(_save_container, container))
        elif isinstance(container, dict):
            for key in list(container)[:_LOOKED_AT]:
                self._keep(_key(container, key), depth)
            return
        for value in _limited(values):
            if not _is_plain(value):
                self._visit(value, depth - 1)

    def _keep(self, place: Place, depth: int) -> None:
        """Note a place that holds a value; look into what is in any other."""
        value = place.get()
        if self._is_value(value):
            self.places.append(place)
        else:
            self._visit(value, depth - 1)

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


def _key(mapping: dict[Any, Any], key: Any) -> Place:
    return Place(partial(mapping.__getitem__, key), partial(mapping.__setitem__, key))


def _save_container(container: Any) -> Undo:
    copy = container.copy()

    def undo() -> None:
        container.clear()
        if isinstance(container, list):
            container.extend(copy)
        else:
            container.update(copy)

    return undo


def _save_generator(generator: Any) -> Undo:
    if isinstance(generator, random.Random):
        state = generator.getstate()
        return lambda: generator.setstate(state)
    bits = generator.bit_generator if isinstance(generator, np.random.Generator) else None
    if bits is None:
        numpy_state = generator.get_state()
        return lambda: generator.set_state(numpy_state)
    bit_state = bits.state

    def undo() -> None:
        bits.state = bit_state

    return undo
