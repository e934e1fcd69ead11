"""What a user's step function holds: counters, schedulers, generators, other models.

A step is replayed several times from the same start.  What it keeps between calls, in a closure,
on the object it is a method of, or in globals, has to go back to the start with the weights.
"""

from __future__ import annotations

import functools
import os
import random
import sys
from collections.abc import Callable, Iterator
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


class Held:
    """All that can be reached from a step function: places that hold plain values, and objects."""

    def __init__(self, step: Callable[..., Any]) -> None:
        self._undos: list[Callable[[], Undo]] = []
        self.objects: list[Any] = []
        self._seen: set[int] = set()
        self._visit(step, _DEPTH)

    def save(self) -> Undo:
        """Note the plain values, containers of them, and generators; the result restores them."""
        undos = [save() for save in self._undos]

        def undo() -> None:
            for each in undos:
                each()

        return undo

    def _visit(self, thing: Any, depth: int) -> None:
        if depth < 0 or id(thing) in self._seen or isinstance(thing, type):
            return
        self._seen.add(id(thing))
        match thing:
            case functools.partial():
                self._visit(thing.func, depth)
                for value in (*thing.args, *thing.keywords.values()):
                    self._visit(value, depth - 1)
            case MethodType():
                self._visit(thing.__func__, depth)
                self._attributes(thing.__self__, depth)
            case FunctionType():
                if _is_users(thing):
                    self._function(thing, depth)
            case list() | dict() | set():
                self._container(thing, depth)
            case np.random.Generator() | np.random.RandomState() | random.Random():
                self._undos.append(functools.partial(_save_generator, thing))
            case _ if hasattr(thing, "python_function"):  # a tf.function
                self._visit(thing.python_function, depth)
            case _:
                self.objects.append(thing)
                if depth > 0 and _is_users_class(type(thing)):
                    self._attributes(thing, depth)
                if depth == _DEPTH:  # the step is an object with __call__
                    self._visit(vars(type(thing)).get("__call__"), depth)

    def _function(self, function: FunctionType, depth: int) -> None:
        for cell in function.__closure__ or ():
            try:
                value = cell.cell_contents
            except ValueError:  # not filled yet
                continue
            if _is_plain(value):
                self._undos.append(functools.partial(_save_cell, cell))
            else:
                self._visit(value, depth - 1)
        for name in function.__code__.co_names:
            if name not in function.__globals__:
                continue
            value = function.__globals__[name]
            if _is_plain(value):
                self._undos.append(functools.partial(_save_key, function.__globals__, name))
            elif not isinstance(value, type(np)):
                self._visit(value, depth - 1)

    def _attributes(self, owner: Any, depth: int) -> None:
        attributes = getattr(owner, "__dict__", {})
        if not any(known is owner for known in self.objects):
            self.objects.append(owner)
        for name, value in attributes.items():
            if _is_plain(value):
                self._undos.append(functools.partial(_save_key, attributes, name))
            else:
                self._visit(value, depth - 1)

    def _container(self, container: Any, depth: int) -> None:
        values = list(container.values() if isinstance(container, dict) else container)
        if all(_is_plain(value) for value in values):
            self._undos.append(functools.partial(_save_container, container))
        for value in _limited(values):
            if not _is_plain(value):
                self._visit(value, depth - 1)


def _limited(values: list[Any]) -> Iterator[Any]:
    """The first values; a list of thousands is data, not state."""
    yield from values[:64]


def _save_cell(cell: CellType) -> Undo:
    value = cell.cell_contents

    def undo() -> None:
        cell.cell_contents = value

    return undo


def _save_key(mapping: dict[str, Any], key: str) -> Undo:
    value = mapping[key]

    def undo() -> None:
        mapping[key] = value

    return undo


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
