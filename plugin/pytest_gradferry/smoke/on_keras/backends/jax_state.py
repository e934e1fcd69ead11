"""The weights of a JAX step that keeps them itself, in arrays beside the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax

from ...held import Held, Place

Path = tuple[Any, ...]


class OwnState:
    """Where in what a step holds the value of each variable of a model stands.

    A StatelessScope pairs variables with the arrays that stand for them; an array that is also in
    the step's closure, attributes or globals is the step's own.  `argument` gives the array that
    a function which is traced was given for a tracer.
    """

    def __init__(
        self, held: Held, variables: Iterable[Any], argument: Callable[[Any], Any]
    ) -> None:
        self._argument = argument
        self._variables = {id(v): v for v in variables}
        self._at = {
            id(leaf): (place, path) for place in held.places for path, leaf in _arrays(place.get())
        }
        self._arrays_kept = [place.get() for place in held.places]  # ids stay theirs meanwhile
        self.found: dict[int, tuple[Place, Path]] = {}
        self.elsewhere = False  # some scope was given arrays found nowhere

    def note_scope(
        self, original: Any, scope: Any, state_mapping: Any = None, *a: Any, **k: Any
    ) -> None:
        mapping = list(state_mapping or ())
        for variable, value in mapping:
            if id(variable) not in self._variables or id(variable) in self.found:
                continue
            while isinstance(value, jax.core.Tracer) and hasattr(value, "primal"):
                value = value.primal
            value = self._argument(value)
            if id(value) in self._at:
                self.found[id(variable)] = self._at[id(value)]
            elif isinstance(value, jax.core.Tracer):
                continue  # made of others, or inside a function that is compiled
            elif value is not variable._value and value is not variable:
                self.elsewhere = True
        original(scope, mapping, *a, **k)

    def holds(self, variable: Any) -> bool:
        return id(variable) in self.found

    def read(self, variable: Any) -> Any:
        place, path = self.found[id(variable)]
        value = place.get()
        for key in path:
            value = value[key]
        return value

    def write(self, variable: Any, value: Any) -> None:
        place, path = self.found[id(variable)]
        place.set(_replaced(place.get(), path, value))


def _arrays(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(tree, jax.Array):
        yield path, tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from _arrays(value, (*path, key))
    elif isinstance(tree, (list, tuple)):
        for index, value in enumerate(tree):
            yield from _arrays(value, (*path, index))


def _replaced(tree: Any, path: Path, value: Any) -> Any:
    """The tree with another leaf: lists and dicts changed in place, tuples made anew."""
    if not path:
        return value
    first, *rest = path
    new = _replaced(tree[first], tuple(rest), value)
    if not isinstance(tree, tuple):
        tree[first] = new
        return tree
    parts = [*tree[:first], new, *tree[first + 1 :]]
    return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
