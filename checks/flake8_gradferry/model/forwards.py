"""Forward passes by the other framework's name: `forward` for Keras, `call` for torch."""

from __future__ import annotations

import ast

from ..source.infer import self_assignments
from ..source.lineage import Lineage
from ..source.project import importers
from ..source.walk import File, Function


def misnamed(file: File, cls: ast.ClassDef, family: Lineage, wrong: str, right: str) -> bool:
    """Whether a class has a `wrong` method, no `right` one anywhere, and nobody runs it by name."""
    if not family.complete or family.method(right) is not None:
        return False
    if family.method("__call__") is not None:
        return False
    for at in family.classes:
        if {right, "__call__"} & self_assignments(at.file, at.node).keys():
            return False
    if any(isinstance(call.func, ast.Attribute) for call in file.calls_by_name.get(wrong, ())):
        return False
    return not any(importers(file, cls.name, f".{wrong}("))


def is_abstract(function: Function) -> bool:
    """Whether a method only says that subclasses are to write it."""
    if any("abstract" in (File.dotted(d) or "") for d in function.decorator_list):
        return True
    body = [s for s in function.body if not (isinstance(s, ast.Expr) and _is_text(s.value))]
    return all(isinstance(statement, (ast.Pass, ast.Raise, ast.Expr)) for statement in body)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)
