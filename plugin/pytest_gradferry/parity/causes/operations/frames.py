"""Which line of the user's code called an operation, and with what arguments."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
from collections.abc import Iterable
from functools import cache
from types import CodeType, FrameType
from typing import Any

from .stream import bounded

_HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_BOUNDARY = bounded.__code__
_LONGEST = 40  # of a string among the arguments
_UNTOLD = {"name", "self", "inplace", "input", "training"}


@cache
def _is_library(filename: str) -> bool:
    """Code of a framework, of gradferry, or of Python that stands between the two."""
    roots = ["<", _HERE, contextlib.__file__, functools.__file__]
    for name in ("torch", "keras", "tensorflow"):
        file = getattr(sys.modules.get(name), "__file__", None)
        if file:
            roots += [os.path.dirname(file), os.path.dirname(os.path.realpath(file))]
    return filename.startswith(tuple(roots))


def outwards(
    frame: FrameType | None, until: frozenset[CodeType] = frozenset()
) -> tuple[list[FrameType], FrameType | None]:
    """The library frames from `frame` out to the user's, and that: None where the model's call or
    one of `until` comes first."""
    libraries: list[FrameType] = []
    while frame is not None and frame.f_code is not _BOUNDARY and frame.f_code not in until:
        if not _is_library(frame.f_code.co_filename):
            return libraries, frame
        libraries.append(frame)
        frame = frame.f_back
    return libraries, None


def is_own(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_HERE)


def where(frame: FrameType) -> str:
    return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"


def key(frame: FrameType) -> tuple[str, int]:
    return frame.f_code.co_filename, frame.f_lasti


def slices(index: Any) -> str:
    """`[:, 0]`, as it was written."""
    parts = index if isinstance(index, tuple) else (index,)
    return f"[{', '.join(_slice(part) for part in parts)}]"


def _slice(part: Any) -> str:
    if part is Ellipsis or part is None:
        return str(part).replace("Ellipsis", "...")
    if isinstance(part, slice):
        bounds = ["" if b is None else _slice(b) for b in (part.start, part.stop)]
        step = "" if part.step is None else f":{_slice(part.step)}"
        return ":".join(bounds) + step
    return simple(part) or "tensor"


def simple(value: Any) -> str:
    """A number, a string or a few of them, as Python writes them; empty for anything else."""
    if isinstance(value, (list, tuple)):
        parts = [simple(part) for part in value]
        if not parts or not all(parts):
            return ""
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (bool, int, str)):
        return repr(value)[:_LONGEST]
    return ""


def arguments(given: Iterable[tuple[str, Any]]) -> str:
    """`axis=(1, 2)`: the simple ones; what is off, None or private is left out."""
    shown = ((name, simple(value)) for name, value in given if not name.startswith("_"))
    return ", ".join(
        f"{name}={text}" if name else text
        for name, text in shown
        if text not in ("", "False") and name not in _UNTOLD
    )


def parameters(frame: FrameType) -> list[tuple[str, Any]]:
    """What a library function was called with."""
    code, local = frame.f_code, frame.f_locals
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return [(name, local.get(name)) for name in names]


def snake(name: str) -> str:
    """`LeakyRelu` as `leaky_relu`, `Conv2D` as `conv2d`."""
    return unversioned(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())


def unversioned(name: str) -> str:
    """`ConcatV2` and `softmax_v2` without their version."""
    return re.sub(r"_?[vV]\d+$", "", name)
