"""Where a model keeps a layer that the framework does not list."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Any

_DEPTH = 3  # an attribute's object, its closure or list, the layer in it


def place_of(owners: Iterable[tuple[str, Any]], layer: Any) -> str:
    """The path of attributes and closures from one of the named objects; empty if none is found."""
    todo: list[tuple[str, Any, int]] = [
        (f"{prefix}.{name}".lstrip("."), value, _DEPTH)
        for prefix, owner in owners
        for name, value in vars(owner).items()
        if not name.startswith("_")
    ]
    seen: set[int] = set()
    while todo:
        place, value, depth = todo.pop(0)
        if value is layer:
            return place
        if depth == 0 or id(value) in seen or isinstance(value, (str, bytes, int, float, type)):
            continue
        seen.add(id(value))
        if isinstance(value, types.MethodType):
            value = value.__self__
        if isinstance(value, types.FunctionType):
            cells = [_content(cell) for cell in value.__closure__ or ()]
            todo += [(f"the function {place}", content, depth - 1) for content in cells]
        elif isinstance(value, dict):
            todo += [(f"{place}[{key!r}]", item, depth - 1) for key, item in value.items()]
        elif isinstance(value, (list, tuple, set)):
            todo += [(f"{place}[{i}]", item, depth - 1) for i, item in enumerate(value)]
        elif hasattr(value, "__dict__"):
            todo += [(f"{place}.{n}", item, depth - 1) for n, item in vars(value).items()]
    return ""


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None
