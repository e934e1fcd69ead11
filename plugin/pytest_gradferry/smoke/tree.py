"""Nested inputs and outputs: tuples, lists and dicts of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def map_arrays(function: Callable[[Any], Any], tree: Any) -> Any:
    """Apply a function to the leaves of nested tuples, lists and dicts."""
    if isinstance(tree, dict):
        return {key: map_arrays(function, value) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(map_arrays(function, value) for value in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(map_arrays(function, value) for value in tree)
    return function(tree)


def with_leaves(tree: Any, values: Iterable[Any], replaced: Callable[[Any], bool]) -> Any:
    """The tree with other values in place of some of its leaves, in order."""
    queue = iter(values)
    return map_arrays(lambda leaf: next(queue) if replaced(leaf) else leaf, tree)


def leaves(tree: Any) -> list[Any]:
    """The leaves of nested tuples, lists and dicts, in order."""
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves(value)]
    if isinstance(tree, (list, tuple)):
        return [leaf for value in tree for leaf in leaves(value)]
    return [tree]


def shapes(tree: Any) -> str:
    """ "(8, 3) float32" for a message, nested as the data is."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key!r}: {shapes(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, (list, tuple)):
        return "(" + ", ".join(shapes(value) for value in tree) + ")"
    if hasattr(tree, "shape") and hasattr(tree, "dtype"):
        kind = getattr(tree.dtype, "name", None) or str(tree.dtype).removeprefix("torch.")
        return f"{tuple(tree.shape)} {kind}"
    return type(tree).__name__
