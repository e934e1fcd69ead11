"""What a rule may ask about classes, values and functions, under one name to import from."""

from .bindings import reaching
from .functions import argument_for, attribute_values, default_of, returns, self_assignments
from .lineage import Lineage, framework_bases, lineage
from .origins import Origin, calls_of, function_of, origins
from .project import read
from .values import SELF_RETURNING, WRAPPERS

__all__ = [
    "SELF_RETURNING",
    "WRAPPERS",
    "Lineage",
    "Origin",
    "argument_for",
    "attribute_values",
    "calls_of",
    "default_of",
    "framework_bases",
    "function_of",
    "lineage",
    "origins",
    "reaching",
    "read",
    "returns",
    "self_assignments",
]
