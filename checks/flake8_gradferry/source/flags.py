"""Branches that no call takes: `if dropout:` of a flag that is off wherever it is passed."""

from __future__ import annotations

import ast

from .infer import calls_of, origins
from .walk import FUNCTIONS, File, Function, remembered


@remembered
def never_runs(file: File, node: ast.AST) -> bool:
    """Whether a flag keeps `node` from running in every call that the file makes.

    A function that the file does not call may be called with anything.
    """
    child = node
    for above in file.ancestors(node):
        if isinstance(child, ast.stmt) and _left_before(file, child):
            return True
        if isinstance(above, FUNCTIONS):
            return False
        if isinstance(above, (ast.If, ast.IfExp)) and child is not above.test:
            runs = _branch_of(above, child)
            if _always(file, above.test) is (not runs):
                return True
        child = above
    return False


def _left_before(file: File, statement: ast.stmt) -> bool:
    """Whether `if flag: return` stands before a statement in its block, and always holds."""
    owner, name, place = file.blocks.get(statement, (statement, "", 0))
    return any(
        isinstance(earlier, ast.If)
        and isinstance(earlier.body[-1], (ast.Return, ast.Raise))
        and _always(file, earlier.test) is True
        for earlier in getattr(owner, name, [])[:place]
    )


def _branch_of(choice: ast.If | ast.IfExp, child: ast.AST) -> bool:
    """Whether `child` stands in the branch for a test that holds."""
    other = choice.orelse if isinstance(choice.orelse, list) else [choice.orelse]
    return child not in other


def _always(file: File, test: ast.expr) -> bool | None:
    """The truth of a test on a flag, if it is the same in all calls."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            holds = _always(file, inner)
            return None if holds is None else not holds
        case ast.Name() | ast.Attribute(value=ast.Name(id="self")):
            function = _set_by(file, test)
            if function is None or not calls_of(file, function):
                return None
            ends = [origin.node for origin in origins(file, test)]
            truths = {bool(end.value) for end in ends if isinstance(end, ast.Constant)}
            certain = all(isinstance(end, ast.Constant) for end in ends)
            return truths.pop() if certain and len(truths) == 1 else None
    return None


def _set_by(file: File, flag: ast.expr) -> Function | None:
    """The function whose parameter the flag is; `self.flag` is set by `__init__`."""
    if isinstance(flag, ast.Name):
        function = file.function(flag)
        args = function.args if function is not None else None
        names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)] if args else []
        if flag.id not in names:
            return None
        if function is None or function.name != "__init__":
            return function
    cls = file.method_class(flag)
    if cls is None or any(
        isinstance(base, ast.Name) and base.id == cls.name
        for other in file.index[ast.ClassDef]
        for base in other.bases
    ):
        return None  # a class below may set it otherwise
    return file.methods(cls).get("__init__")
