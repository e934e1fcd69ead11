"""How a path that is written in a program ends, and whether two are the same."""

from __future__ import annotations

import ast
from typing import NamedTuple

from .callframes import Value
from .values import Trace

_JOINS = (
    "join",
    "joinpath",
    "Path",
    "PurePath",
    "str",
    "abspath",
    "expanduser",
    "fspath",
    "format",
)


class Ending(NamedTuple):
    """The last characters of a path as far as they are written out."""

    text: str
    whole: bool  # whether nothing that is not written out stands before them


def ending(value: Value) -> Ending | None:
    """How the path ends; None where its end is not written out, or not the same on every way."""
    found = {_ending(end.value) if not end.path else None for end in Trace().ends(value)}
    return found.pop() if len(found) == 1 else None


def _ending(value: Value) -> Ending | None:
    match value.node:
        case ast.Constant(value=str(text)):
            return Ending(text, True)
        case ast.JoinedStr(values=[*_, ast.Constant(value=str(text))] as parts):
            return Ending(text, len(parts) == 1)
        case ast.BinOp(op=ast.Add() | ast.Div(), right=right):
            found = ending(value.at(right))
            return Ending(found.text, isinstance(value.node.op, ast.Div)) if found else None
        case ast.BinOp(op=ast.Mod(), left=left):
            return _unfilled(ending(value.at(left)), "%")
        case ast.Call(func=ast.Attribute(attr="format", value=template)):
            return _unfilled(ending(value.at(template)), "}")
        case ast.Call(func=ast.Name(id=word) | ast.Attribute(attr=word), args=[*_, last]):
            if word in _JOINS and not isinstance(last, ast.Starred):
                return ending(value.at(last))
    return None


def _unfilled(found: Ending | None, mark: str) -> Ending | None:
    """What stands behind the last place of a template that is filled in."""
    if found is None:
        return None
    _, mark, tail = found.text.rpartition(mark)
    if mark == "%":
        tail = tail.lstrip("0123456789.").removeprefix("d").removeprefix("s").removeprefix("f")
    return Ending(tail, False) if mark and tail else None


def same_path(one: Value, other: Value) -> bool:
    """Whether two expressions are surely the same path."""
    ends = [_ends(one), _ends(other)]
    return ends[0] == ends[1] and len(ends[0]) == 1 and "" not in ends[0]


def _ends(value: Value) -> set[str]:
    return {
        ast.dump(end.value.node) if isinstance(end.value.node, ast.Constant) else _of(end.value)
        for end in Trace().ends(value)
    }


def _of(value: Value) -> str:
    match value.node:
        case ast.arg() | ast.Name() | ast.Attribute() | ast.Call() | ast.JoinedStr() | ast.BinOp():
            return f"{value.file.path}:{ast.dump(value.node)}"
    return ""
