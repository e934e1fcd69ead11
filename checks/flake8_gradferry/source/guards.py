"""Code that expects an error or asks for the version first: what would raise there is meant."""

from __future__ import annotations

import ast

from .walk import File, remembered

_ERRORS = frozenset("Exception BaseException TypeError ValueError AttributeError".split())


@remembered
def expects_error(file: File, node: ast.AST) -> bool:
    """Whether somebody waits for the error that `node` would raise, or chose it by version.

    `with pytest.raises(...)`, `try: ... except TypeError: ...` (the handler is the other version's
    way), and branches of a test on a version or on `hasattr`.
    """
    for above in file.ancestors(node):
        match above:
            case ast.With() if any(_raises(item.context_expr) for item in above.items):
                return True
            case ast.Try() if any(_catches(handler) for handler in above.handlers):
                return True
            case ast.If() | ast.IfExp() if _asks_version(file, above.test):
                return True
    return False


def _raises(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in (
                "raises",
                "assertRaises",
                "assertRaisesRegex",
                "assert_raises",
                "suppress",
            )
    return False


def _catches(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(k is None or (isinstance(k, ast.Name) and k.id in _ERRORS) for k in kinds)


def _asks_version(file: File, test: ast.expr) -> bool:
    inside = file.inside(test)
    words = [name.id for name in inside[ast.Name]] + [a.attr for a in inside[ast.Attribute]]
    return any("version" in word.lower() or word == "hasattr" for word in words)
