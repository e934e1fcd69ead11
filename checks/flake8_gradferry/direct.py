"""Forward passes that are called by name, past the call that frameworks put around them."""

from __future__ import annotations

import ast

from .project import symbol_of
from .walk import File


def object_of(file: File, call: ast.Call) -> ast.expr | None:
    """The object whose `forward` or `call` is called by name, where that is not an override's
    own business: `super().call(x)`, `Base.forward(self, x)`, `self.forward(x)`."""
    if not isinstance(call.func, ast.Attribute):
        return None
    receiver = call.func.value
    match receiver:
        case ast.Name(id="self" | "cls") | ast.Call(func=ast.Name(id="super")):
            return None
    if any(isinstance(a, ast.Name) and a.id in ("self", "ctx") for a in call.args[:1]):
        return None
    named = symbol_of(file, receiver)
    if named is not None and isinstance(named.node, (ast.ClassDef, ast.Module)):
        return None
    return receiver
