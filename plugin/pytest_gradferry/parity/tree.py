"""Nested inputs and outputs: arrays in tuples, lists and dicts, flattened in one fixed order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def leaves(structure: Any) -> list[Any]:
    """The arrays in `structure`, dicts by sorted key; `None` is no array."""
    if structure is None:
        return []
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in leaves(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in leaves(part)]
    return [structure]


def transform(function: Callable[[Any], Any], structure: Any) -> Any:
    """`structure` with `function` applied to each array; mappings become plain dicts."""
    if structure is None:
        return None
    if isinstance(structure, dict):
        return {key: transform(function, structure[key]) for key in sorted(structure)}
    if isinstance(structure, list):
        return [transform(function, part) for part in structure]
    if isinstance(structure, tuple):
        return tuple(transform(function, part) for part in structure)
    return function(structure)
