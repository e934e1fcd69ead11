"""What a step function and a model keep between calls: counters, lists, tensors, generators.

A step is replayed several times from the same start.  What it keeps in a closure, on the object it
is a method of, or in globals, and what the model keeps beside its weights, has to go back to the
start with the weights.
"""

from __future__ import annotations

import operator
import os
import random
import sys
from ast import literal_eval
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from ..frameworks import Undo, together

_DEPTH = 3  # a step, a helper it calls, the helper's own object
_VISITED = 64  # members of a list or dict; a list of thousands is data, not state
_NOTED = 10_000  # members of a list, dict or array

_MISSING = object()  # in place of an attribute that was deleted

_STANDARD_LIBRARY = os.path.dirname(os.__file__)

Again = Callable[[], Any]  # gives a value that was noted again


def given_back(thing: Any, undo: Undo) -> Again:
    def again() -> Any:
        undo()
        return thing

    return again


def _of_library(path: str) -> bool:
    return "site-packages" in path or path.startswith(_STANDARD_LIBRARY)


def is_users_class(kind: type[Any]) -> bool:
    """Not of an installed library: what those keep is not the step's to restore."""
    path = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return path is not None and not _of_library(path)


@dataclass(frozen=True)
class Place:
    """Something that holds a value and can be given another: a variable, an attribute."""

    path: str  # "calls", "Net.block.queue"
    where: str  # " in the closure of step", or nothing
    of_model: bool
    get: Callable[[], Any]
    set: Callable[[Any], None]

    @property
    def name(self) -> str:
        return f"`{self.path}`{self.where}"


@dataclass(frozen=True)
class Generator:
    """A random generator of NumPy or Python."""

    name: str
    source: Any

    def state(self) -> Any:
        if isinstance(self.source, random.Random):
            return self.source.getstate()
        if isinstance(self.source, np.random.RandomState):
            return self.source.get_state()
        return self.source.bit_generator.state

    def save(self) -> Undo:
        state = self.state()

        def undo() -> None:
            if isinstance(self.source, random.Random):
                self.source.setstate(state)
            elif isinstance(self.source, np.random.RandomState):
                self.source.set_state(state)
            else:
                self.source.bit_generator.state = state

        return undo


def global_generators() -> list[Generator]:
    """Those behind the functions of `np.random` and `random`."""
    return [Generator("np.random", np.random.mtrand._rand), Generator("random", random._inst)]


class Held:
    """All that can be reached from a step function and from the owners, parts of the model by name.

    `again` notes a framework's tensor or variable: it returns a function that gives it back with
    the value it has now, and None for anything else.  `ignored` are the attributes that the
    frameworks' base classes have for themselves.
    """

    def __init__(
        self,
        step: Callable[..., Any] | None,
        owners: dict[str, Any] | None = None,
        again: Callable[[Any], Again | None] = lambda thing: None,
        ignored: frozenset[str] = frozenset(),
    ) -> None:
        self.objects: list[Any] = []
        self.places: list[Place] = []
        self.generators: list[Generator] = []
        self.in_model: set[int] = set()  # ids of the objects that were reached through an owner
        self._again = again
        self._ignored = ignored
        self._of_model = True
        self._seen = {id(owner) for owner in (owners or {}).values()}
        for name, owner in (owners or {}).items():
            if is_users_class(type(owner)):
                self._attributes(owner, _DEPTH - 1, name, "")
        self._of_model = False
        for kind in {type(owner): None for owner in (owners or {}).values()}:
            self._methods(kind)
        if step is not None:
            self._visit(step, _DEPTH, getattr(step, "__name__", type(step).__name__), "")

    def save(self) -> Undo:
        """Note what stands in every place, and the generators; the result puts it back."""
        return together(*map(self.save_place, self.places), self.save_generators())

    def save_place(self, place: Place) -> Undo:
        again = self._note(place.get(), _DEPTH)
        return lambda: place.set(again())

    def save_generators(self) -> Undo:
        return together(*(generator.save() for generator in self.generators))

    # finding places

    def _visit(self, thing: Any, depth: int, path: str, where: str) -> None:
        if depth < 0 or id(thing) in self._seen or isinstance(thing, type):
            return
        self._seen.add(id(thing))
        match thing:
            case bool() | int() | float() | complex() | str() | bytes() | None:
                return
            case partial():
                self._visit(thing.func, depth, path, where)
                for key, value in (*enumerate(thing.args), *thing.keywords.items()):
                    self._keep(f"{path}({key})", where, partial(_given, value), _given, depth)
            case MethodType():
                self._visit(thing.__func__, depth, path, where)
                owner = _owner(thing)
                if id(owner) not in self._seen:
                    self._seen.add(id(owner))
                    self._attributes(owner, depth, type(owner).__name__, "")
                    self._methods(type(owner))
            case FunctionType():
                if not _of_library(thing.__code__.co_filename):
                    self._function(thing, depth)
                elif hasattr(thing, "__wrapped__"):  # a library's around one of the user's
                    self._visit(thing.__wrapped__, depth, path, where)
            case list() | tuple() | dict() | set() | deque():
                items = thing.items() if isinstance(thing, dict) else enumerate(thing)
                for key, value in list(items)[:_VISITED]:
                    self._visit(value, depth - 1, f"{path}[{key!r}]", where)
            case np.random.Generator() | np.random.RandomState() | random.Random():
                self.generators.append(Generator(f"`{path}`{where}", thing))
            case _ if hasattr(thing, "python_function"):  # a tf.function
                self._visit(thing.python_function, depth, path, where)
            case _ if isinstance(wrapped := getattr(thing, "__wrapped__", None), FunctionType):
                self._visit(wrapped, depth, path, where)  # compiled by JAX
            case _:
                self._object(thing)
                if depth > 0 and is_users_class(type(thing)):
                    self._attributes(thing, depth, path, where)
                    if not self._of_model:
                        self._methods(type(thing))
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
                cell.cell_contents  # noqa: B018
            except ValueError:  # not filled yet
                continue
            get, fill = partial(getattr, cell, "cell_contents"), partial(_fill, cell)
            self._keep(name, where, get, fill, depth)
        where = f", a global of {function.__name__}"
        variables = function.__globals__
        for name in function.__code__.co_names:
            if name in variables and not isinstance(variables[name], type(np)):
                self._keep_key(variables, name, name, where, depth)

    def _methods(self, kind: type[Any]) -> None:
        """What the methods of a class of the user's have in closures and globals."""
        for base in kind.__mro__:
            if is_users_class(base):
                for method in vars(base).values():
                    if isinstance(method, FunctionType):
                        self._visit(method, _DEPTH - 1, method.__qualname__, "")

    def _attributes(self, owner: Any, depth: int, path: str, where: str) -> None:
        attributes = getattr(owner, "__dict__", {})
        self._object(owner)
        derived = not all(is_users_class(base) for base in type(owner).__mro__[:-1])
        ignored = self._ignored if derived else frozenset[str]()
        for name in [name for name in attributes if name not in ignored]:
            self._keep_key(attributes, name, f"{path}.{name}", where, depth)
        private = "_" if derived else "__"  # a framework sets attributes of its own as it goes
        others = _Others(attributes, ignored, private)
        where = f"{where} (attributes set in training)"
        self._note_place(f"{path}.*", where, others.get, others.set)

    def _keep_key(
        self, mapping: dict[str, Any], key: str, path: str, where: str, depth: int
    ) -> None:
        get, put = partial(mapping.get, key, _MISSING), partial(_put, mapping, key)
        self._keep(path, where, get, put, depth)

    def _keep(
        self, path: str, where: str, get: Again, put: Callable[[Any], Any], depth: int
    ) -> None:
        """Note a place, and look into what stands there."""
        self._note_place(path, where, get, put)
        self._visit(get(), depth - 1, path, where)

    def _note_place(self, path: str, where: str, get: Again, put: Callable[[Any], Any]) -> None:
        self.places.append(Place(path, where, self._of_model, get, put))

    # noting values

    def _note(self, value: Any, depth: int) -> Again:
        """What gives the value again; a list or dict is the same one, with what it holds now."""
        if isinstance(value, (list, tuple, dict, set, deque)):
            if depth and len(value) <= _NOTED:
                return self._note_members(value, depth)
        elif isinstance(value, np.ndarray):
            if value.size <= _NOTED and value.flags.writeable:
                return partial(_fill_array, value, value.copy())
        elif isinstance(value, count):
            return partial(_same_count, value, repr(value))
        else:
            again = self._again(value)
            if again is not None:
                return again
        return partial(_given, value)

    def _note_members(self, container: Any, depth: int) -> Again:
        if isinstance(container, set):
            return partial(_refill, container, set(container))
        members = [self._note(member, depth - 1) for member in _members(container)]
        keys = list(container) if isinstance(container, dict) else None

        def again() -> Any:
            now = [member() for member in members]
            if keys is not None:
                return _refill(container, dict(zip(keys, now, strict=True)))
            if isinstance(container, tuple):
                if _same_members(container, now):
                    return container
                made = type(container)
                return made(*now) if hasattr(container, "_fields") else made(now)
            return _refill(container, now)

        return again


class _Others:
    """The attributes of an object that it does not have yet."""

    def __init__(self, attributes: dict[str, Any], ignored: frozenset[str], private: str) -> None:
        self._attributes = attributes
        self._known = ignored | set(attributes)
        self._private = private

    def get(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self._attributes.items()
            if name not in self._known and not name.startswith(self._private)
        }

    def set(self, others: dict[str, Any]) -> None:
        for name in set(self.get()) - set(others):
            del self._attributes[name]
        self._attributes.update(others)


def _owner(method: MethodType) -> Any:
    """The object of a method; a tf.function that is one stands for it with a weak reference."""
    reference = getattr(method.__self__, "weakrefself_target__", None)
    return method.__self__ if reference is None else reference()


def _given(value: Any) -> Any:
    return value


def _fill(cell: CellType, value: Any) -> None:
    cell.cell_contents = value


def _put(mapping: dict[str, Any], key: str, value: Any) -> None:
    if value is _MISSING:
        mapping.pop(key, None)
    elif mapping.get(key, _MISSING) is not value:
        mapping[key] = value


def _same_count(counter: Any, was: str) -> Any:
    """A counter cannot be set back: the same one if it has not moved on, else one like it."""
    if repr(counter) == was:
        return counter
    return count(*map(literal_eval, was[len("count(") : -1].split(", ")))


def _fill_array(array: Any, copy: Any) -> Any:
    array[...] = copy
    return array


def _members(container: Any) -> Iterator[Any]:
    return iter(container.values() if isinstance(container, dict) else container)


def _same_members(a: Any, b: Any) -> bool:
    """Whether two containers hold the very same things."""
    if isinstance(a, dict) and list(a) != list(b):
        return False
    return len(a) == len(b) and all(map(operator.is_, _members(a), _members(b)))


def _refill(container: Any, members: Any) -> Any:
    """Left alone where nothing has changed: a framework's own lists may refuse to."""
    if not _same_members(container, members):
        container.clear()
        (container.extend if isinstance(container, (list, deque)) else container.update)(members)
    return container
