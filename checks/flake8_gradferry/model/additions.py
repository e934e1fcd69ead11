"""What is put into a list, dict or container after it was made, by the name it is bound to."""

from __future__ import annotations

import ast

from ..source.infer import reaching
from ..source.walk import File, remembered

_PUTS = frozenset("add append extend insert add_module register_module update".split())


def put_into(file: File, made: ast.AST) -> list[ast.expr]:
    """The expressions put later, by name, into the collection that `made` makes, in order."""
    assign = file.parent(made)
    targets: list[ast.expr] = []
    if isinstance(assign, ast.Assign):
        targets = assign.targets
    elif isinstance(assign, (ast.AnnAssign, ast.NamedExpr)):
        targets = [assign.target]
    found: list[ast.expr] = []
    for target in targets:
        name = file.dotted(target)
        for holder, value in _puts(file).get(name or "", ()):
            if isinstance(holder, ast.Name):
                if any(binding.node is assign for binding in reaching(file, holder)):
                    found.append(value)
            elif file.method_class(holder) is file.method_class(made):
                found.append(value)
    return found


@remembered
def _puts(file: File) -> dict[str, list[tuple[ast.expr, ast.expr]]]:
    """Dotted name -> (its occurrence, what is put there), for the whole file in source order."""
    found: dict[str, list[tuple[ast.expr, ast.expr]]] = {}
    for call in file.index[ast.Call]:
        match call:
            case ast.Call(func=ast.Attribute(attr=attr, value=holder), args=[*_, value]):
                if attr in _PUTS and (name := file.dotted(holder)):
                    found.setdefault(name, []).append((holder, value))
    for augmented in file.index[ast.AugAssign]:
        if isinstance(augmented.op, ast.Add) and (name := file.dotted(augmented.target)):
            found.setdefault(name, []).append((augmented.target, augmented.value))
    for assign in file.index[ast.Assign]:
        match assign.targets:
            case [ast.Subscript(value=holder)] if name := file.dotted(holder):
                found.setdefault(name, []).append((holder, assign.value))
    for occurrences in found.values():
        occurrences.sort(key=lambda pair: (pair[0].lineno, pair[0].col_offset))
    return found
