"""Whether `__init__` of a layer or module runs that of its base, which makes room for the parts."""

from __future__ import annotations

import ast
import re

from ..source.walk import File, Function, position

# Methods of a torch module that keep a part under a name.
REGISTERS = frozenset("register_buffer register_parameter register_module add_module".split())
_WRITES_INIT = re.compile(r"dataclass|attrs?\b|define\b")


def base_inits(file: File, cls: ast.ClassDef) -> list[ast.Call]:
    """The calls of some `__init__` by name anywhere in a class: `super().__init__()`."""
    return [
        call
        for call in file.inside(cls)[ast.Call]
        if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"
    ]


def builds_otherwise(file: File, cls: ast.ClassDef) -> bool:
    """Whether the base's `__init__` may run without being named: dataclasses, switches."""
    names = [File.dotted(d.func if isinstance(d, ast.Call) else d) for d in cls.decorator_list]
    if any(name is None or _WRITES_INIT.search(name) for name in names):
        return True
    if "__new__" in file.methods(cls) or "__post_init__" in file.methods(cls):
        return True
    return any(
        isinstance(statement, ast.Assign)
        and any(File.dotted(target) == "call_super_init" for target in statement.targets)
        for statement in cls.body
    )


def set_before_base(
    file: File, cls: ast.ClassDef, init: Function
) -> list[tuple[str, ast.expr]] | None:
    """What `__init__` assigns to `self` before the base's own has run, in order; None where that
    cannot be told."""
    found: list[tuple[str, ast.expr]] = []
    before_helper: int | None = None  # what is found before a helper that may run it
    for statement in init.body:
        match statement:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)]):
                found.append((name, statement.value))
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="__init__"))):
                break
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id="self"), attr=method),
                    args=[ast.Constant(value=str(name)), *_],
                ) as call
            ) if method in REGISTERS:
                found.append((name, call))
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="self")))):
                before_helper = len(found) if before_helper is None else before_helper
    calls = base_inits(file, cls) if found else []
    if not calls:
        return found
    if not any(file.statement(call) in init.body for call in calls):
        return None
    first = min(map(position, calls))
    return [(name, value) for name, value in found[:before_helper] if position(value) < first]
