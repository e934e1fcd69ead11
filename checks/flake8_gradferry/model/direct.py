"""Forward passes that are called by name, past the call that frameworks put around them."""

from __future__ import annotations

import ast

from ..source.infer import origins
from ..source.project import symbol_of
from ..source.walk import File, remembered

_NORMS = ("torch.nn.utils.weight_norm", "torch.nn.utils.spectral_norm")
_REGISTERS = ("register_forward_hook", "register_forward_pre_hook")


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


def hook_of(file: File, called: ast.expr) -> str:
    """What a module does in hooks, as far as the file says."""
    if _place(file, called) in _hooked(file):
        return "its hooks"
    for origin in origins(file, called):
        if origin.call is not None and origin.file.qualified(origin.call.func) in _NORMS:
            return (origin.file.qualified(origin.call.func) or "").rpartition(".")[2]
    return ""


@remembered
def _hooked(file: File) -> frozenset[tuple[str, ast.AST | None]]:
    """The modules on which the file registers forward hooks, by name and place."""
    return frozenset(
        place
        for method in _REGISTERS
        for call in file.calls_by_name.get(method, ())
        if isinstance(call.func, ast.Attribute)
        and (place := _place(file, call.func.value)) is not None
    )


def _place(file: File, module: ast.expr) -> tuple[str, ast.AST | None] | None:
    """A module's dotted name, and the class or function in which the name means this module."""
    name = file.dotted(module)
    if name is None:
        return None
    if name.startswith("self."):
        return name, file.method_class(module)
    scope = file.scope(module).find(name.partition(".")[0])
    return name, scope.node if scope is not None else None
