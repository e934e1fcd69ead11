"""What a call hands to a framework's constructor, argument by argument.

`arguments(file, call)` binds a call to the signature in `stubs/`, which stands there once for each
class and is proven against the frameworks by `tests/facts/test_stubs.py`. A call with `*args` or
`**options` is `complete=False`: what it leaves out cannot be seen.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from .bindings import reaching
from .infer import attribute_values
from .names import framework
from .project import STUBS, Symbol, resolve, symbol_of
from .walk import Binding, File, remembered

PARTIAL = "functools.partial"


@dataclass(frozen=True)
class Arguments:
    """One call of a framework's class, or the `functools.partial` of one."""

    name: str  # the class's canonical name, other names for it seen through: `torch.nn.Conv2d`
    given: Mapping[str, ast.expr]  # by parameter
    positional: tuple[str, ...] = ()  # the parameters that were given by position
    surplus: tuple[ast.expr, ...] = ()  # positional arguments that no parameter takes
    twice: tuple[str, ...] = ()  # parameters given by position and by keyword
    unknown: Mapping[str, ast.keyword] = field(default_factory=dict)  # no parameter's name
    missing: tuple[str, ...] = ()  # parameters without a default that got nothing
    complete: bool = True

    @property
    def cls(self) -> str:
        """The class by its last name, as messages show it."""
        return self.name.rpartition(".")[2]

    def leaves_out(self, parameter: str) -> bool:
        """Whether the default of a parameter surely stands."""
        return self.complete and parameter not in self.given


@remembered
def arguments(file: File, call: ast.Call) -> Arguments | None:
    """How a call fills the signature of the framework's class that it makes, else None."""
    func, args = call.func, call.args
    partial = file.qualified(func) == PARTIAL
    if partial:
        if not args:
            return None
        func, args = args[0], args[1:]
    name = file.qualified(func)
    if name is None or not framework(name):
        return None
    found = resolve(file, name)
    if found is None or not isinstance(found.node, ast.ClassDef):
        return None
    signature = signature_of(found)
    if signature is None:
        return None
    return _bind(f"{found.file.path.stem}.{found.node.name}", signature, args, call, partial)


def signature_of(cls: Symbol) -> ast.arguments | None:
    """The parameters that a class of the stubs is constructed with, `self` first."""
    assert isinstance(cls.node, ast.ClassDef)
    if cls.file.path.parent != STUBS:
        return None
    if (init := cls.file.methods(cls.node).get("__init__")) is not None:
        return init.args
    for base in cls.node.bases:
        above = symbol_of(cls.file, base)
        if above is not None and isinstance(above.node, ast.ClassDef):
            return signature_of(above)
    return None


def _bind(
    name: str, signature: ast.arguments, args: list[ast.expr], call: ast.Call, partial: bool
) -> Arguments:
    names = [arg.arg for arg in (*signature.posonlyargs, *signature.args)][1:]
    required = names[: len(names) - len(signature.defaults)]
    keywords_only = [arg.arg for arg in signature.kwonlyargs]
    starred = next((i for i, a in enumerate(args) if isinstance(a, ast.Starred)), len(args))
    seen = args[:starred]
    given: dict[str, ast.expr] = dict(zip(names, seen, strict=False))
    positional = tuple(given)
    twice, unknown = [], {}
    for keyword in call.keywords:
        if keyword.arg in given:
            twice.append(keyword.arg)
        elif keyword.arg in names or keyword.arg in keywords_only:
            given[keyword.arg] = keyword.value
        elif keyword.arg is not None:
            unknown[keyword.arg] = keyword
    complete = starred == len(args) and all(k.arg is not None for k in call.keywords)
    return Arguments(
        name=name,
        given=given,
        positional=positional,
        surplus=() if signature.vararg else tuple(seen[len(names) :]),
        twice=tuple(twice),
        unknown=unknown,
        missing=tuple(n for n in required if n not in given) if complete and not partial else (),
        complete=complete and not partial,
    )


# -- what an argument holds ------------------------------------------------------------------------


def settled(file: File, node: ast.AST, depth: int = 0) -> object:
    """The constant that an expression surely is, else Ellipsis.

    Literals, and names and attributes that are only ever bound to one, in other files too. A
    parameter is not settled by its default: somebody may pass something else.
    """
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Name() if depth < 8:
            bindings = reaching(file, node)
            values: list[tuple[File, ast.AST]] = []
            if not bindings and (starred := symbol_of(file, node)) is not None:
                values.append((starred.file, starred.node))  # `from constants import *`
            for binding in bindings:
                if binding.kind == "import":
                    found = resolve(file, file.imports[node.id])
                    if found is None:
                        return ...
                    values.append((found.file, found.node))
                elif binding.kind == "assign" and (bound := _bound_value(binding)) is not None:
                    values.append((file, bound))
                else:
                    return ...
            return _agreed(values, depth)
        case ast.Attribute(value=ast.Name(id="self"), attr=attr) if depth < 8:
            cls = file.method_class(node)
            if cls is None:
                return ...
            held = attribute_values(Symbol(file, cls), attr)
            return _agreed([(at, value) for at, value, path in held if not path], depth)
        case ast.Attribute() if (
            depth < 8 and (name := file.qualified(node)) and not framework(name)
        ):
            found = resolve(file, name)
            return _agreed([(found.file, found.node)], depth) if found is not None else ...
    return ...


def _bound_value(binding: Binding) -> ast.expr | None:
    """What a name is bound to, `a, b = 1, 2` taken apart."""
    value = binding.value
    for index in binding.path:
        if not isinstance(value, ast.Tuple | ast.List) or index >= len(value.elts):
            return None
        value = value.elts[index]
    return value


def _agreed(values: list[tuple[File, ast.AST]], depth: int) -> object:
    found = {settled(at, value, depth + 1) for at, value in values}
    return found.pop() if len(found) == 1 else ...


def number(file: File, node: ast.AST | None) -> float | None:
    """The number that an expression surely is; a bool is none."""
    value = settled(file, node) if node is not None else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def last_name(node: ast.AST | None) -> str:
    """The word that a value is known by: `p` for `p`, `self.p`, `args.p`, `cfg["p"]`, else ""."""
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return word
        case ast.Subscript(slice=ast.Constant(value=str(word))):
            return word
    return ""


@remembered
def made_in(file: File, name: str) -> tuple[tuple[ast.Call, Arguments], ...]:
    """The calls in a file that make a framework's class of this canonical name, whole ones only."""
    words = {name.rpartition(".")[2], *(w for w, target in file.imports.items() if target == name)}
    calls = [call for word in words for call in file.calls_by_name.get(word, ())]
    bound = [(call, arguments(file, call)) for call in calls]
    return tuple((c, made) for c, made in bound if made and made.name == name and made.complete)
