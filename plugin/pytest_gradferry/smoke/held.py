"""What a step function and a model keep between calls: counters, lists, tensors, generators.

A step is replayed several times from the same start.  What it keeps in a closure, on the object it
is a method of, or in globals, and what the model keeps beside its weights, has to go back to the
start with the weights.
"""

from __future__ import annotations

import functools
import operator
import os
import random
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from ..frameworks import Undo

_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_DEPTH = 3  # a step, a helper it calls, the helper's own object

_VISITED = 64  # members of a container; a list of thousands is data, not state
_COPIED = 10_000  # members of a container or array that are noted

_STANDARD_LIBRARY = os.path.dirname(os.__file__)


def is_plain(value: Any) -> bool:
    return isinstance(value, _PLAIN)


def _of_library(path: str) -> bool:
    return "site-packages" in path or path.startswith(_STANDARD_LIBRARY)


def _is_users_class(kind: type[Any]) -> bool:
    """Not of an installed library: what those keep is not the step's to restore."""
    path = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return path is not None and not _of_library(path)


def no_value(thing: Any) -> Undo | None:
    """What notes the value of a framework's tensor or variable, where there is none."""
    return None


@dataclass(frozen=True)
class Place:
    """A place that keeps something between calls, with all that is needed to put it back."""

    path: str  # "calls", "Net.block.queue"
    where: str  # " in the closure of step", or nothing
    of_model: bool
    read: Callable[[], Any]
    save: Callable[[], Undo]

    @property
    def name(self) -> str:
        return f"`{self.path}`{self.where}"


class Held:
    """All that can be reached from a step function and a model.

    `value` notes the value of a framework's own tensor or variable, None for anything else.
    `ignored` are the attributes that a framework's base class has for itself.
    """

    def __init__(
        self,
        step: Callable[..., Any] | None,
        owners: dict[str, Any] | None = None,
        value: Callable[[Any], Undo | None] = no_value,
        ignored: frozenset[str] = frozenset(),
    ) -> None:
        self.objects: list[Any] = []
        self.places: list[Place] = []
        self.generators: list[Any] = []
        self.in_model: set[int] = set()  # ids of the objects that were reached through the model
        self._value = value
        self._ignored = ignored
        self._of_model = True
        self._seen = {id(owner) for owner in (owners or {}).values()}
        for name, owner in (owners or {}).items():
            if _is_users_class(type(owner)):
                self._attributes(owner, _DEPTH - 1, name, "")
        self._of_model = False
        if step is not None:
            self._visit(step, _DEPTH, getattr(step, "__name__", type(step).__name__), "")

    def save(self) -> Undo:
        """Note what stands in every place, and the generators; the result puts it back."""
        undos = [place.save() for place in self.places] + [self.save_generators()]

        def undo() -> None:
            for each in undos:
                each()

        return undo

    def save_generators(self) -> Undo:
        undos = [_save_generator(generator) for generator in self.generators]

        def undo() -> None:
            for each in undos:
                each()

        return undo

    def _visit(self, thing: Any, depth: int, path: str, where: str) -> None:
        if depth < 0 or is_plain(thing) or id(thing) in self._seen or isinstance(thing, type):
            return
        self._seen.add(id(thing))
        match thing:
            case functools.partial():
                self._visit(thing.func, depth, path, where)
                for key, value in (*enumerate(thing.args), *thing.keywords.items()):
                    self._visit(value, depth - 1, f"{path}({key})", where)
            case MethodType():
                self._visit(thing.__func__, depth, path, where)
                self._attributes(thing.__self__, depth, type(thing.__self__).__name__, "")
            case FunctionType():
                if not _of_library(thing.__code__.co_filename):
                    self._function(thing, depth)
            case list() | dict() | set() | deque():
                self._container(thing, depth, path, where)
            case tuple():
                for index, value in enumerate(thing[:_VISITED]):
                    self._visit(value, depth - 1, f"{path}[{index}]", where)
            case np.ndarray():
                if thing.size <= _COPIED:
                    self._note(path, where, lambda: thing, functools.partial(_save_array, thing))
            case np.random.Generator() | np.random.RandomState() | random.Random():
                self.generators.append(thing)
            case _ if hasattr(thing, "python_function"):  # a tf.function
                self._visit(thing.python_function, depth, path, where)
            case _:
                self._object(thing)
                if depth > 0 and _is_users_class(type(thing)):
                    self._attributes(thing, depth, path, where)
                if depth == _DEPTH:  # the step is an object with __call__
                    self._visit(vars(type(thing)).get("__call__"), depth, path, where)

    def _object(self, thing: Any) -> None:
        if not any(known is thing for known in self.objects):
            self.objects.append(thing)
            if self._of_model:
                self.in_model.add(id(thing))

    def _function(self, function: FunctionType, depth: int) -> None:
        where = f" in the closure of {function.__name__}"
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        for name, cell in cells:
            try:
                value = cell.cell_contents
            except ValueError:  # not filled yet
                continue
            read = functools.partial(getattr, cell, "cell_contents")
            self._note(name, where, read, functools.partial(self._save_cell, cell))
            self._visit(value, depth - 1, name, where)
        where = f", a global that {function.__name__} uses"
        variables = function.__globals__
        for name in function.__code__.co_names:
            if name in variables and not isinstance(variables[name], type(np)):
                self._binding(variables, name, name, where)
                self._visit(variables[name], depth - 1, name, where)

    def _attributes(self, owner: Any, depth: int, path: str, where: str) -> None:
        attributes = getattr(owner, "__dict__", {})
        self._object(owner)
        derived = not all(_is_users_class(base) for base in type(owner).__mro__[:-1])
        names = set(attributes) - self._ignored if derived else set(attributes)
        for name in [name for name in attributes if name in names]:
            self._binding(attributes, name, f"{path}.{name}", where)
            self._visit(attributes[name], depth - 1, f"{path}.{name}", where)
        hidden = "_" if derived else "__"  # a framework sets such attributes as it goes
        read = functools.partial(_others, attributes, names | self._ignored, hidden)
        added = functools.partial(_save_others, attributes, read)
        self._note(f"{path}.*", f"{where}, attributes set in training", read, added)

    def _binding(self, mapping: dict[str, Any], key: str, path: str, where: str) -> None:
        read = functools.partial(mapping.get, key)
        self._note(path, where, read, functools.partial(self._save_key, mapping, key))

    def _container(self, container: Any, depth: int, path: str, where: str) -> None:
        if len(container) <= _COPIED:
            save = functools.partial(self._save_container, container)
            self._note(path, where, container.copy, save)
        items = container.items() if isinstance(container, dict) else enumerate(container)
        for key, value in list(items)[:_VISITED]:
            self._visit(value, depth - 1, f"{path}[{key!r}]", where)

    def _note(
        self, path: str, where: str, read: Callable[[], Any], save: Callable[[], Undo]
    ) -> None:
        self.places.append(Place(path, where, self._of_model, read, save))

    # what notes a place, and the value of what stands there

    def _save_cell(self, cell: CellType) -> Undo:
        thing = cell.cell_contents
        value = self._value(thing)

        def undo() -> None:
            cell.cell_contents = thing
            if value is not None:
                value()

        return undo

    def _save_key(self, mapping: dict[str, Any], key: str) -> Undo:
        missing = object()
        thing = mapping.get(key, missing)
        value = self._value(thing)

        def undo() -> None:
            if thing is missing:
                mapping.pop(key, None)
            elif mapping.get(key, missing) is not thing:
                mapping[key] = thing
            if value is not None:
                value()

        return undo

    def _save_container(self, container: Any) -> Undo:
        copy = container.copy()
        values = [value for value in map(self._value, _members(copy)) if value is not None]

        def undo() -> None:
            if not _same_members(container, copy):
                container.clear()
                (container.extend if isinstance(container, (list, deque)) else container.update)(
                    copy
                )
            for value in values:
                value()

        return undo


def _members(container: Any) -> Iterator[Any]:
    return iter(container.values() if isinstance(container, dict) else container)


def _same_members(a: Any, b: Any) -> bool:
    """Whether two containers hold the very same things."""
    if isinstance(a, dict) and list(a) != list(b):
        return False
    return len(a) == len(b) and all(map(operator.is_, _members(a), _members(b)))


def _others(mapping: dict[str, Any], known: set[str], hidden: str) -> dict[str, Any]:
    """What a mapping holds beside the names known."""
    return {k: v for k, v in mapping.items() if k not in known and not k.startswith(hidden)}


def _save_others(mapping: dict[str, Any], read: Callable[[], dict[str, Any]]) -> Undo:
    others = read()

    def undo() -> None:
        for name in set(read()) - set(others):
            del mapping[name]
        mapping.update(others)

    return undo


def _save_array(array: Any) -> Undo:
    copy = array.copy()

    def undo() -> None:
        if array.flags.writeable:
            array[...] = copy

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
