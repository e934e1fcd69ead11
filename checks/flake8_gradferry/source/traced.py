"""Functions that `tf.function` turns into graphs: what they read from outside is read once."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .project import symbol_of
from .walk import FUNCTIONS, File, Function, remembered

FUNCTION = "tensorflow.function"


@remembered
def traced(file: File) -> tuple[Function, ...]:
    """The file's functions that `tf.function` decorates or is called with."""
    if not any(target.startswith("tensorflow") for target in file.imports.values()):
        return ()
    return tuple(dict.fromkeys([*_decorated(file), *_wrapped(file)]))


def is_traced(file: File, function: Function) -> bool:
    """Whether `tf.function` decorates a function or is called with it."""
    return function in traced(file)


def wrapped_names(file: File, function: Function) -> Iterator[str]:
    """The names under which `step = tf.function(function)` is called."""
    for call in file.calls_by_name.get("function", ()):
        if file.qualified(call.func) == FUNCTION and call.args:
            match file.parent(call):
                case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)]):
                    if _named(file, call.args[0]) is function:
                        yield name


def _decorated(file: File) -> Iterator[Function]:
    for function in file.index.functions:
        for decorator in function.decorator_list:
            named = decorator.func if isinstance(decorator, ast.Call) else decorator
            if file.qualified(named) == FUNCTION:
                yield function


def _wrapped(file: File) -> Iterator[Function]:
    for call in file.calls_by_name.get("function", ()):
        if file.qualified(call.func) == FUNCTION and call.args:
            found = _named(file, call.args[0])
            if isinstance(found, FUNCTIONS):
                yield found


def _named(file: File, node: ast.expr) -> ast.AST | None:
    match node:
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            cls = file.method_class(node)
            return file.methods(cls).get(name) if cls is not None else None
    found = symbol_of(file, node)
    return found.node if found is not None and found.file is file else None
