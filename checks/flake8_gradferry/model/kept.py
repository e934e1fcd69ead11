"""What becomes of a weight that a class makes: as which attribute it is kept, and by whom."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from ..source.infer import lineage, self_assignments
from ..source.names import framework
from ..source.project import importers
from ..source.walk import File

# Who is handed a weight by name looks after it: optimizers, gradients, the registering calls.
_TAKES_WEIGHTS = frozenset(
    (
        "Parameter register_parameter register_buffer gradient grad jacobian append extend "
        "add_param_group track_variable _track_variable assign assign_add assign_sub copy_ "
        "scatter_update scatter_add Optimizer"
    ).split()
)


class Kept(NamedTuple):
    """`self.name = ...` around the expression that makes a weight."""

    name: str
    changes: tuple[ast.expr, ...]  # what is computed from it on the way, innermost first
    inside: bool  # whether it stands in a list or dict


def kept_as(file: File, made: ast.expr) -> Kept | None:
    """The attribute that a method keeps the value of `made` in, what it is made into included."""
    node: ast.AST = made
    changes: list[ast.expr] = []
    inside = False
    while (above := file.parent(node)) is not None:
        match above:
            case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
                match target:
                    case ast.Attribute(value=ast.Name(id="self"), attr=name):
                        return Kept(name, tuple(changes), inside)
                    case ast.Name():
                        above = _only_use(file, target)
                        if above is None:
                            return None
                    case _:
                        return None
            case ast.Attribute():
                call = file.parent(above)
                if isinstance(call, ast.Call) and call.func is above:
                    above = call
                elif above.attr not in ("T", "mT", "H"):
                    return None
                changes.append(above)
            case ast.BinOp() | ast.UnaryOp() | ast.Call():
                changes.append(above)
            case ast.List() | ast.Tuple() | ast.Dict() | ast.ListComp() | ast.DictComp():
                inside = True
            case ast.IfExp() | ast.keyword():
                pass
            case _:
                return None
        node = above
    return None


def _only_use(file: File, bound: ast.Name) -> ast.Name | None:
    """The one place where a local name is read."""
    function = file.function(bound)
    if function is None:
        return None
    uses = [n for n in file.inside(function)[ast.Name] if n.id == bound.id and n is not bound]
    return uses[0] if len(uses) == 1 and isinstance(uses[0].ctx, ast.Load) else None


def looked_after(file: File, cls: ast.ClassDef, name: str) -> bool:
    """Whether the file hands this attribute to something that may train or register it.

    `SGD([net.scale])`, `tape.gradient(loss, self.w)`, `self.w.assign(...)`, `return [self.w]`.
    """
    return any(
        _is_handed(file, use)
        for use in file.index[ast.Attribute]
        if use.attr == name and isinstance(use.ctx, ast.Load) and _may_be_of(file, use, cls)
    )


def _may_be_of(file: File, use: ast.Attribute, cls: ast.ClassDef) -> bool:
    """Whether `x.name` may be an attribute of this class; another class' `self` is not."""
    if file.dotted(use.value) != "self":
        return True
    other = file.method_class(use)
    return other is not None and any(at.node is cls for at in lineage(file, other).classes)


def _is_handed(file: File, use: ast.expr) -> bool:
    node: ast.AST = use
    listed = False
    while (above := file.parent(node)) is not None:
        match above:
            case ast.Attribute(attr=method):
                return method in _TAKES_WEIGHTS or method == "data"
            case ast.List() | ast.Tuple() | ast.Set() | ast.Dict() | ast.Starred():
                listed = True
            case ast.BinOp(op=ast.Add()) if listed or isinstance(node, ast.BinOp):
                pass
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                others = (left, right)
                return any(isinstance(other, (ast.List, ast.Tuple)) for other in others)
            case ast.keyword():
                pass
            case ast.Call(func=ast.Name(id=callee) | ast.Attribute(attr=callee) as func):
                takes = callee in _TAKES_WEIGHTS or callee.startswith("Adam") or callee == "SGD"
                return takes or (listed and framework(file.qualified(func) or "") is None)
            case _:
                return listed and not isinstance(above, ast.expr)
        node = above
    return False


def taken_elsewhere(file: File, name: str) -> bool:
    """Whether a file that imports this one takes an attribute of this name from some object.

    A look at the text: `grad(loss, policy.context)` in train.py beside policies.py. Every layer
    has a weight and a bias, which says nothing.
    """
    if name in ("weight", "bias"):
        return False
    taken = re.compile(rf"(?<![\w.])(?!self\.)\w+(?:\.\w+)*\.{re.escape(name)}\b(?!\()")
    return any(
        taken.search(path.read_text(encoding="utf-8", errors="replace")) is not None
        for path in importers(file, f".{name}")
    )


def assigned_once(file: File, cls: ast.ClassDef, name: str) -> bool:
    """Whether a class gives an attribute its value in one place only."""
    return len(self_assignments(file, cls).get(name, ())) == 1


def reads(file: File, cls: ast.ClassDef, name: str) -> list[ast.Attribute]:
    """Where the other methods of a class read `self.name`."""
    return [
        use
        for use in file.inside(cls)[ast.Attribute]
        if use.attr == name
        and isinstance(use.ctx, ast.Load)
        and file.dotted(use.value) == "self"
        and (function := file.function(use)) is not None
        and function.name != "__init__"
    ]
