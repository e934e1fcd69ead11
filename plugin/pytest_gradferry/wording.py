"""What the reports of both fixtures are worded with."""

from __future__ import annotations

import math
from typing import Any


def listed(names: list[str], most: int = 4) -> str:
    """The first few of them, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def rule_name(code: str | None) -> str | None:
    """`XFR420 batch-norm-momentum`, None where the catalogue has no such rule."""
    if not code:
        return None
    from flake8_gradferry import catalog

    rule = catalog.find(code)
    return None if rule is None else f"{rule.code} {rule.name}"


def jsonable(value: Any) -> Any:
    """Plain values; numbers that JSON has no word for come as strings."""
    if isinstance(value, dict):
        return {key: jsonable(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
