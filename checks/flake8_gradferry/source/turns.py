"""Turns of a loop: what happens in each of them, and what is another thing in each."""

from __future__ import annotations

import ast
import re

from .walk import COMPREHENSIONS, FUNCTIONS, LOOPS, File

_RESETS = re.compile(r"reset|init|load|restore|set_weights|set_params|deepcopy|fit_new", re.I)


def innermost_loop(file: File, node: ast.AST) -> ast.For | ast.AsyncFor | ast.While | None:
    """The loop of the same function in whose body a node stands."""
    child = node
    for above in file.ancestors(node):
        if isinstance(above, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            return None
        if isinstance(above, LOOPS) and child in above.body:
            return above
        child = above
    return None


def runs_each_turn(file: File, node: ast.AST, around: ast.AST) -> bool:
    """Whether every turn of a loop, or call of a function, comes past a node of its body."""
    statement: ast.AST = file.statement(node)
    while (place := file.blocks.get(statement)) is not None:
        owner, _, _ = place
        if owner is around:
            return True
        if not isinstance(owner, (ast.With, ast.AsyncWith)):
            return False
        statement = owner
    return False


def changes_in(file: File, node: ast.AST, around: ast.AST) -> bool:
    """Whether anything that an expression names is bound inside a loop or function."""
    for name in file.inside(node)[ast.Name]:
        scope = file.scope(name).find(name.id)
        if scope is None or scope.node in file.inside(node).by_type.get(type(scope.node), ()):
            continue  # a parameter of its own lambda, the variable of its own comprehension
        if isinstance(scope.node, COMPREHENSIONS):
            return True
        if any(within(around, binding.node) for binding in scope.bindings[name.id]):
            return True
    stored = {
        file.dotted(target)
        for target in file.inside(around)[ast.Attribute]
        if isinstance(target.ctx, ast.Store)
    }
    used = {file.dotted(attribute) for attribute in file.inside(node)[ast.Attribute]}
    return not stored.isdisjoint(used - {None})


def within(around: ast.AST, node: ast.AST) -> bool:
    """Whether a binding stands in a loop, its head included, or in the body of a function."""
    first, last = getattr(around, "lineno", 0), getattr(around, "end_lineno", None) or 0
    if isinstance(around, FUNCTIONS):
        first = around.body[0].lineno
    return first <= getattr(node, "lineno", 0) <= last


def is_reset_in(file: File, model: ast.expr, around: ast.AST) -> bool:
    """Whether a model gets other weights somewhere in a loop: `model.load_state_dict(start)`."""
    name = file.dotted(model)
    for call in file.inside(around)[ast.Call]:
        match call.func:
            case ast.Attribute(attr=verb, value=owner):
                holder = file.dotted(owner)
            case ast.Name(id=verb):
                holder = None
            case _:
                continue
        if not _RESETS.search(verb) and verb != "apply":
            continue
        given = {file.dotted(argument) for argument in call.args} - {None}
        if name in given or (name and holder and f"{name}.".startswith(f"{holder}.")):
            return True
    return False
