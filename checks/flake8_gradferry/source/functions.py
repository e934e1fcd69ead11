"""What a function or class says of itself: its returns, its parameters, its attributes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .lineage import lineage
from .project import Symbol
from .walk import FUNCTIONS, File, remembered


def returns(file: File, function: ast.AST) -> list[ast.expr]:
    """The expressions that a function returns, those of nested functions left out."""
    inside = file.inside(function, nested=False)
    return [node.value for node in inside[ast.Return] if node.value is not None]


def is_opaque(function: Symbol) -> bool:
    """Whether a call of the function does not give what it returns: generators, coroutines."""
    inside = function.file.inside(function.node, nested=False)
    return isinstance(function.node, ast.AsyncFunctionDef) or bool(
        inside[ast.Yield] or inside[ast.YieldFrom]
    )


def above(file: File, func: ast.Attribute) -> Symbol | None:
    """The inherited method behind `super().name`."""
    cls = file.method_class(func)
    if cls is None:
        return None
    for symbol in lineage(file, cls).classes[1:]:
        assert isinstance(symbol.node, ast.ClassDef)
        if (method := symbol.file.methods(symbol.node).get(func.attr)) is not None:
            return Symbol(symbol.file, method)
    return None


def super_call(file: File, init: ast.AST) -> ast.Call | None:
    """The `super().__init__(...)` in an `__init__`."""
    for call in file.inside(init, nested=False)[ast.Call]:
        match call.func:
            case ast.Attribute(attr="__init__", value=ast.Call(func=ast.Name(id="super"))):
                return call
    return None


def is_self(file: File, parameter: ast.arg) -> bool:
    """Whether a parameter is the `self` of a method."""
    function = file.enclosing(parameter, *FUNCTIONS, ast.Lambda)
    if not isinstance(function, FUNCTIONS) or file.owner(function) is None:
        return False
    first = [*function.args.posonlyargs, *function.args.args][:1]
    return first == [parameter] and parameter.arg == "self"


def argument_for(callee: Symbol, call: ast.Call, parameter: ast.arg) -> ast.expr | None:
    """The expression that a call hands to one parameter of the function or lambda it runs."""
    function = callee.node
    assert isinstance(function, (*FUNCTIONS, ast.Lambda))
    for keyword in call.keywords:
        if keyword.arg == parameter.arg:
            return keyword.value
    positional = [*function.args.posonlyargs, *function.args.args]
    if parameter not in positional:
        return None
    position = positional.index(parameter)
    if isinstance(function, FUNCTIONS) and callee.file.owner(function) is not None:
        decorators = {d.id for d in function.decorator_list if isinstance(d, ast.Name)}
        position -= "staticmethod" not in decorators
    if 0 <= position < len(call.args) and not any(
        isinstance(item, ast.Starred) for item in call.args[: position + 1]
    ):
        return call.args[position]
    return None


def default_of(function: ast.AST | None, parameter: ast.arg) -> ast.expr | None:
    """The default of a parameter, None where there is none."""
    if not isinstance(function, (*FUNCTIONS, ast.Lambda)):
        return None
    args = function.args
    positional = [*args.posonlyargs, *args.args][::-1]
    pairs = list(zip(positional, args.defaults[::-1], strict=False))
    pairs += [(a, d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d]
    return next((default for arg, default in pairs if arg is parameter), None)


def default_named(function: ast.AST, name: str) -> ast.expr | None:
    """The default of the parameter of that name, None where there is no such one."""
    if not isinstance(function, FUNCTIONS):
        return None
    args = function.args
    named = (a for a in (*args.posonlyargs, *args.args, *args.kwonlyargs) if a.arg == name)
    return next((default_of(function, parameter) for parameter in named), None)


def attribute_values(holder: Symbol, name: str) -> list[tuple[File, ast.expr, tuple[int, ...]]]:
    """The expressions assigned to `self.<name>` anywhere in a class or what it inherits from."""
    assert isinstance(holder.node, ast.ClassDef)
    for symbol in lineage(holder.file, holder.node).classes:
        found = [
            (symbol.file, value, path)
            for value, path in self_assignments(symbol.file, symbol.node).get(name, [])
        ]
        if found:
            return found
    return []


def property_values(holder: Symbol, name: str) -> Iterator[tuple[File, ast.expr, tuple[int, ...]]]:
    """What a property returns."""
    assert isinstance(holder.node, ast.ClassDef)
    method = lineage(holder.file, holder.node).method(name)
    if method is None or not isinstance(method.node, FUNCTIONS):
        return
    decorators = {File.dotted(decorator) for decorator in method.node.decorator_list}
    if decorators & {"property", "cached_property", "functools.cached_property"}:
        for value in returns(method.file, method.node):
            yield method.file, value, ()


@remembered
def self_assignments(file: File, cls: ast.AST) -> dict[str, list[tuple[ast.expr, tuple[int, ...]]]]:
    """Attribute name -> what `self.<name>` is assigned in the class' own body, with the position
    where the value is a tuple to unpack."""
    found: dict[str, list[tuple[ast.expr, tuple[int, ...]]]] = {}

    def target(node: ast.expr, value: ast.expr, path: tuple[int, ...]) -> None:
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                found.setdefault(name, []).append((value, path))
            case ast.Tuple() | ast.List():
                for position, item in enumerate(node.elts):
                    target(item, value, (*path, position))

    inside = file.inside(cls)
    for assign in inside[ast.Assign]:
        for item in assign.targets:
            target(item, assign.value, ())
    for annotated in inside[ast.AnnAssign]:
        if annotated.value is not None:
            target(annotated.target, annotated.value, ())
    if isinstance(cls, ast.ClassDef):
        for statement in cls.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    found.setdefault(name, []).append((value, ()))
    return found
