"""Where the value of an expression comes from, whoever calls the function that it stands in.

Everything here may answer "cannot see", and then a rule stays silent. What imports and assignments
do not answer is put to astroid, which is imported on first need.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from . import oracle, values
from .bindings import reaching
from .callframes import Path, Value
from .functions import above
from .lineage import annotated, annotated_class, framework_bases, lineage
from .names import framework
from .project import COMPILERS, STUBS, Symbol, resolve, symbol_of
from .walk import FUNCTIONS, File, Function, remembered, remembered_or


class Origin(NamedTuple):
    """An expression (or parameter) in which the trail of a value ends.

    `path` are the positions to take out of the value where it is a tuple nobody could look into.
    """

    file: File
    node: ast.AST
    path: Path = ()

    @property
    def call(self) -> ast.Call | None:
        return self.node if isinstance(self.node, ast.Call) and not self.path else None

    @property
    def callee(self) -> str:
        """The canonical name of the framework thing whose call made the value, or "".

        Where astroid alone knows the class of the value there is a callee and no `call`.
        """
        if self.call is None:
            return self._seen_by_oracle.name if self._seen_by_oracle else ""
        name = self.file.qualified(self.call.func)
        if name is None:
            return self._seen_by_oracle.name if self._seen_by_oracle else ""
        if framework(name):
            found = resolve(self.file, name)
            return found.name if found is not None and found.name else name
        return name

    @property
    def cls(self) -> Symbol | None:
        """The project's class of which the value is an instance."""
        seen = self.cls_in_sight
        if seen is None and self._seen_by_oracle is not None:
            return self._seen_by_oracle.symbol
        return seen

    @property
    def cls_in_sight(self) -> Symbol | None:
        """The same as far as imports and assignments say, which costs no inference."""
        if isinstance(self.node, ast.arg) and not self.path:
            return annotated_class(self.file, self.node.annotation)
        found = symbol_of(self.file, self.call.func) if self.call is not None else None
        if found is None or not isinstance(found.node, ast.ClassDef):
            return None
        return None if found.file.path.parent == STUBS else found

    @property
    def types(self) -> frozenset[str]:
        """The framework classes that the value is an instance of, with their bases; may be empty.

        From the call that made it, from the class of the project, or from an annotation.
        """
        if (cls := self.cls) is not None:
            assert isinstance(cls.node, ast.ClassDef)
            return lineage(cls.file, cls.node).names
        if self.callee:
            return framework_bases(self.file, self.callee)
        if isinstance(self.node, ast.arg) and not self.path and self.node.annotation is not None:
            return annotated(self.file, self.node.annotation)
        return frozenset()

    @property
    def _seen_by_oracle(self) -> oracle.Instance | None:
        """What astroid says, asked only where it sees more than imports and assignments do."""
        match self.node:
            case ast.Subscript(value=table) | ast.Call(func=ast.Subscript(value=table)):
                # `layers["head"]`, `{"sgd": SGD}[name](...)`: a display that stands in the source.
                worthwhile = any(
                    isinstance(origin.node, ast.Dict | ast.List | ast.Tuple)
                    for origin in origins(self.file, table)
                )
            case ast.Call(func=ast.Call(func=maker)):
                worthwhile = function_of(self.file, maker) is not None
            case _:
                return None
        if self.path or not worthwhile:
            return None
        found = oracle.instances(self.file, self.node)
        return found[0] if len(found) == 1 else None


def origins(file: File, node: ast.AST) -> Sequence[Origin]:
    """Every expression that the value of `node` may come from, as far as can be seen.

    A trail that cannot be followed ends in the expression or parameter where it was lost, so a
    rule that needs certainty asks whether *all* origins are what it looks for.
    """
    # Who calls a method is itself a question of origins: a trail that comes back is lost.
    return _origins(file, node) or [Origin(file, node)]


@remembered_or(())
def _origins(file: File, node: ast.AST) -> Sequence[Origin]:
    ends = values.Trace().objects(Value(file, node))
    return list(dict.fromkeys(Origin(e.value.file, e.value.node, e.path) for e in ends))


@remembered_or(None)
def function_of(file: File, func: ast.AST) -> Symbol | None:
    """The project's function or method that a call of `func` runs."""
    if (
        isinstance(func, ast.Attribute)
        and isinstance(func.value, ast.Name)
        and func.value.id in ("self", "cls")
    ):
        cls = file.method_class(func)
        return lineage(file, cls).method(func.attr) if cls is not None else None
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Call):
        called = func.value.func
        if isinstance(called, ast.Name) and called.id == "super":
            return above(file, func)
    found = symbol_of(file, func)
    if found is not None and isinstance(found.node, FUNCTIONS):
        return found if found.file.path.parent != STUBS else None
    if isinstance(func, ast.Attribute) and file.qualified(func) is None:
        owners = origins(file, func.value)
        if len(owners) == 1 and (cls_symbol := owners[0].cls) is not None:
            assert isinstance(cls_symbol.node, ast.ClassDef)
            return lineage(cls_symbol.file, cls_symbol.node).method(func.attr)
    return None


def calls_of(file: File, function: Function) -> list[ast.Call]:
    """The calls in the same file that run `function`, those of unknown objects left out."""
    owner = file.owner(function)
    if function.name == "__init__" and owner is not None:
        return _constructions(file).get(function, [])
    called = file.calls_by_name.get(function.name, [])
    if owner is None:
        found = list(_calls_by_function(file, function.name).get(function, ()))
        for name in _compiled(file).get(function.name, ()):
            calls = file.calls_by_name.get(name, [])
            found += [call for call in calls if _runs(file, call, function) and call not in found]
        return found
    return [
        call
        for call in called
        if isinstance(call.func, ast.Attribute) and _is_instance(file, call.func.value, owner)
    ]


@remembered
def _calls_by_function(file: File, name: str) -> Mapping[ast.AST, list[ast.Call]]:
    """Which of the calls of a name run which definition: notebooks define one again and again."""
    found: dict[ast.AST, list[ast.Call]] = {}
    for call in file.calls_by_name.get(name, []):
        for binding in reaching(file, call.func) if isinstance(call.func, ast.Name) else ():
            found.setdefault(binding.node, []).append(call)
    return found


def _runs(file: File, call: ast.Call, function: Function) -> bool:
    found = symbol_of(file, call.func) if isinstance(call.func, ast.Name) else None
    return found is not None and found.node is function


@remembered
def _compiled(file: File) -> dict[str, list[str]]:
    """Function name -> the names it is called by when compiled: `train = tf.function(step)`."""
    names: dict[str, list[str]] = {}
    for assign in file.index[ast.Assign]:
        match assign:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call(func=func, args=[ast.Name(id=own), *_])
            ):
                if file.qualified(func) in COMPILERS:
                    names.setdefault(own, []).append(name)
    return names


@remembered_or(MappingProxyType({}))
def _constructions(file: File) -> dict[ast.AST, list[ast.Call]]:
    """The calls that make instances of the file's classes, by the `__init__` that they run."""
    made: dict[ast.AST, list[ast.Call]] = {}
    for cls in file.index[ast.ClassDef]:
        init = lineage(file, cls).method("__init__")
        for call in file.calls_by_name.get(cls.name, []) if init is not None else ():
            found = symbol_of(file, call.func)
            if found is not None and found.node is cls and init is not None:
                made.setdefault(init.node, []).append(call)
    return made


def _is_instance(file: File, node: ast.expr, owner: ast.ClassDef) -> bool:
    if isinstance(node, ast.Name) and node.id == "self":
        cls = file.method_class(node)
        return cls is not None and any(
            symbol.node is owner for symbol in lineage(file, cls).classes
        )
    return any(
        origin.cls is not None
        and any(
            symbol.node is owner
            for symbol in lineage(origin.cls.file, origin.cls.node).classes  # type: ignore[arg-type]
        )
        for origin in origins(file, node)
    )
