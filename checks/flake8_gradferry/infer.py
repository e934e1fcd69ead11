"""Who is it: what a class derives from, and where the value of an expression comes from.

Everything here may answer "cannot see", and then a rule stays silent. Questions that imports and
assignments do not answer are put to astroid, which is imported on first need.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from . import oracle
from .bindings import reaching
from .names import framework
from .project import STUBS, Symbol, read, resolve, symbol_of
from .walk import FUNCTIONS, Binding, File, Function, remembered, remembered_or

# Bases that say nothing about frameworks and hide nothing.
_NEUTRAL = frozenset(
    (
        "object ABC abc.ABC Generic typing.Generic Protocol typing.Protocol Exception Enum "
        "enum.Enum NamedTuple typing.NamedTuple dict list tuple str int"
    ).split()
)
_DEPTH = 24
_STEPS = 500
_CALLERS = 32  # what is called from more places gets anything

# Methods that return the module, optimizer or loss they are called on.
SELF_RETURNING = frozenset(
    (
        "to cuda cpu float double half bfloat16 train eval requires_grad_ share_memory apply "
        "to_empty type xpu compile_"
    ).split()
)
# Calls that hand back their first argument in another coat.
WRAPPERS = frozenset(
    (
        "torch.compile",
        "torch.jit.script",
        "torch.nn.DataParallel",
        "torch.nn.parallel.DataParallel",
        "torch.nn.parallel.DistributedDataParallel",
        "torch.nn.SyncBatchNorm.convert_sync_batchnorm",
        "tensorflow.function",
    )
)


# -- classes -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lineage:
    """A class with all it inherits from."""

    classes: tuple[Symbol, ...]  # of the project, the class itself first
    names: frozenset[str]  # canonical names of framework classes, with their own bases
    complete: bool  # False when some base could not be seen

    def derives(self, *names: str) -> bool:
        return not self.names.isdisjoint(names)

    def method(self, name: str) -> Symbol | None:
        """The project's own definition of a method, the most derived one."""
        for symbol in self.classes:
            assert isinstance(symbol.node, ast.ClassDef)
            if (found := symbol.file.methods(symbol.node).get(name)) is not None:
                return Symbol(symbol.file, found)
        return None

    @property
    def is_torch_module(self) -> bool:
        return "torch.nn.Module" in self.names

    @property
    def is_keras_layer(self) -> bool:
        """A Keras layer or model (models are layers)."""
        return "keras.layers.Layer" in self.names

    @property
    def is_keras_model(self) -> bool:
        return "keras.Model" in self.names


@remembered
def lineage(file: File, cls: ast.ClassDef) -> Lineage:
    """What `cls` inherits from, through this file, the project's other files and the stubs."""
    walk = _LineageWalk()
    walk.visit(Symbol(file, cls))
    return Lineage(tuple(walk.classes), frozenset(walk.names), walk.complete)


@dataclass
class _LineageWalk:
    classes: list[Symbol] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    complete: bool = True
    _seen: set[ast.AST] = field(default_factory=set)

    def visit(self, symbol: Symbol) -> None:
        cls = symbol.node
        if cls in self._seen or not isinstance(cls, ast.ClassDef):
            return
        self._seen.add(cls)
        if symbol.file.path.parent == STUBS:
            self.names.add(f"{symbol.file.path.stem}.{cls.name}")
        else:
            self.classes.append(symbol)
        for base in cls.bases:
            self._base(symbol.file, base)

    def _base(self, file: File, base: ast.expr) -> None:
        if isinstance(base, ast.Subscript):
            base = base.value
        found = symbol_of(file, base)
        if found is not None and isinstance(found.node, ast.ClassDef):
            self.visit(found)
            return
        name = file.qualified(base) or file.dotted(base)
        if name in _NEUTRAL:
            return
        if name is not None and framework(name):
            self.names.add(name)
        elif isinstance(base, ast.Call) and function_of(file, base.func) is not None:
            # `class Net(make_base())`: no import explains it.
            self.names |= oracle.ancestors(file, base)
        self.complete = False


# -- values --------------------------------------------------------------------------------------


class Origin(NamedTuple):
    """An expression (or parameter) in which the trail of a value ends.

    `path` are the positions to take out of the value where it is a tuple nobody could look into.
    """

    file: File
    node: ast.AST
    path: tuple[int, ...] = ()

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
            return _annotated(self.file, self.node.annotation)
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


def framework_bases(file: File, name: str) -> frozenset[str]:
    """The framework class of this canonical name with all it derives from, as far as stubs say."""
    found = resolve(file, name)
    if found is None or not isinstance(found.node, ast.ClassDef):
        return frozenset((name,)) if framework(name) else frozenset()
    return lineage(found.file, found.node).names


def _annotated(file: File, annotation: ast.expr) -> frozenset[str]:
    match annotation:
        case ast.Constant(value=str(text)):
            try:
                inner = ast.parse(text, mode="eval").body
            except SyntaxError:
                return frozenset()
            # The parsed text stands nowhere in the file, so only imports can explain its names.
            name = file.imported(inner)
            return framework_bases(file, name) if name else frozenset()
        case ast.BinOp(op=ast.BitOr(), left=left, right=ast.Constant(value=None)):
            return _annotated(file, left)
        case ast.Subscript(value=value, slice=inside):
            if (file.qualified(value) or "").endswith("Optional"):
                return _annotated(file, inside)
            return frozenset()
    found = symbol_of(file, annotation)
    if found is not None and isinstance(found.node, ast.ClassDef):
        return lineage(found.file, found.node).names
    return framework_bases(file, file.qualified(annotation) or "")


def origins(file: File, node: ast.AST) -> Sequence[Origin]:
    """Every expression that the value of `node` may come from, as far as can be seen.

    A trail that cannot be followed ends in the expression or parameter where it was lost, so a
    rule that needs certainty asks whether *all* origins are what it looks for.
    """
    # Who calls a method is itself a question of origins: a trail that comes back is lost.
    return _origins(file, node) or [Origin(file, node)]


@remembered_or(())
def _origins(file: File, node: ast.AST) -> Sequence[Origin]:
    return list(dict.fromkeys(_Trail().follow(file, node, ())))


class _Trail:
    def __init__(self) -> None:
        self._active: set[tuple[ast.AST, tuple[int, ...]]] = set()
        self._steps = 0

    def follow(self, file: File, node: ast.AST, path: tuple[int, ...]) -> Iterator[Origin]:
        key = (node, path)
        self._steps += 1
        if key in self._active or len(self._active) > _DEPTH or self._steps > _STEPS:
            if key not in self._active:
                yield Origin(file, node, path)
            return
        self._active.add(key)
        try:
            yield from self._step(file, node, path)
        finally:
            self._active.discard(key)

    def _step(self, file: File, node: ast.AST, path: tuple[int, ...]) -> Iterator[Origin]:
        match node:
            case ast.Name():
                yield from self._name(file, node, path)
            case ast.Attribute():
                yield from self._attribute(file, node, path)
            case ast.Call():
                yield from self._call(file, node, path)
            case ast.arg():
                yield from self._parameter(file, node, path)
            case ast.IfExp():
                yield from self.follow(file, node.body, path)
                yield from self.follow(file, node.orelse, path)
            case ast.BoolOp():
                for value in node.values:
                    for origin in self.follow(file, value, path):
                        # `optimizer or SGD(...)`: a None does not get past the `or`.
                        if not (isinstance(origin.node, ast.Constant) and not origin.node.value):
                            yield origin
            case ast.NamedExpr() | ast.Await() | ast.Starred():
                yield from self.follow(file, node.value, path)
            case ast.Tuple() | ast.List() if path and path[0] < len(node.elts):
                yield from self.follow(file, node.elts[path[0]], path[1:])
            case ast.Subscript(slice=ast.Constant(value=int(index))) if index >= 0:
                yield from self.follow(file, node.value, (index, *path))
            case _:
                yield Origin(file, node, path)

    def _name(self, file: File, node: ast.Name, path: tuple[int, ...]) -> Iterator[Origin]:
        bindings = reaching(file, node)
        if not bindings:
            yield Origin(file, node, path)
        for binding in bindings:
            yield from self._binding(file, node, binding, path)

    def _binding(
        self, file: File, node: ast.AST, binding: Binding, path: tuple[int, ...]
    ) -> Iterator[Origin]:
        if binding.kind == "assign" and binding.value is not None:
            yield from self.follow(file, binding.value, (*binding.path, *path))
        elif binding.kind == "parameter":
            yield from self.follow(file, binding.node, path)
        elif binding.kind == "import" and isinstance(node, ast.Name):
            found = resolve(file, file.imports[node.id])
            if found is not None and isinstance(found.node, ast.expr):
                yield from self.follow(found.file, found.node, path)
            else:
                yield Origin(file, node, path)
        elif binding.kind in ("def", "class"):
            yield Origin(file, binding.node, path)
        elif isinstance(binding.node, (ast.With, ast.AsyncWith)):
            # What a context manager enters as is not the manager: a trail's end.
            item = next(i for i in binding.node.items if i.context_expr is binding.value)
            yield Origin(file, item, (*binding.path, *path))
        elif binding.kind == "for":
            # So is what an iterable yields.
            yield Origin(file, binding.node, (*binding.path, *path))
        else:
            yield Origin(file, node, path)

    def _attribute(
        self, file: File, node: ast.Attribute, path: tuple[int, ...]
    ) -> Iterator[Origin]:
        found = symbol_of(file, node)
        if found is not None and isinstance(found.node, ast.expr):
            yield from self.follow(found.file, found.node, path)
            return
        holders: list[Symbol] = []
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            if (cls := file.method_class(node)) is not None:
                holders = [Symbol(file, cls)]
        elif file.qualified(node) is None:
            owners = list(self.follow(file, node.value, ()))
            seen = [owner.cls_in_sight for owner in owners]
            holders = [cls for cls in seen if cls is not None]
            if len(holders) != len(owners):
                holders = []
        values = [value for holder in holders for value in attribute_values(holder, node.attr)]
        values += [value for holder in holders for value in _property_values(holder, node.attr)]
        if not values:
            yield Origin(file, node, path)
        for at, value, inner in values:
            yield from self.follow(at, value, (*inner, *path))

    def _call(self, file: File, node: ast.Call, path: tuple[int, ...]) -> Iterator[Origin]:
        func = node.func
        name = file.qualified(func)
        if name in WRAPPERS and node.args:
            yield from self.follow(file, node.args[0], path)
            return
        if (
            isinstance(func, ast.Attribute)
            and func.attr in SELF_RETURNING
            and name is None
            and not path
        ):
            yield from self.follow(file, func.value, path)
            return
        callee = function_of(file, func)
        if callee is None or _is_generator(callee):
            yield Origin(file, node, path)
            return
        returned = returns(callee.file, callee.node)
        if not returned:
            yield Origin(file, node, path)
        for value in returned:
            for origin in self.follow(callee.file, value, path):
                argument = None
                if isinstance(origin.node, ast.arg):
                    argument = argument_for(callee, node, origin.node)
                if argument is not None:
                    yield from self.follow(file, argument, origin.path)
                else:
                    yield origin

    def _parameter(self, file: File, node: ast.arg, path: tuple[int, ...]) -> Iterator[Origin]:
        function = file.enclosing(node, *FUNCTIONS, ast.Lambda)
        if not isinstance(function, FUNCTIONS):
            yield Origin(file, node, path)
            return
        callee = Symbol(file, function)
        given = [argument_for(callee, call, node) for call in calls_of(file, function)]
        values = [argument for argument in given if argument is not None]
        # A call that leaves the parameter out means its default.
        omitted = not given or len(values) < len(given)
        if omitted and (default := default_of(function, node)) is not None:
            values.append(default)
        if not values:
            yield Origin(file, node, path)
        for value in values:
            yield from self.follow(file, value, path)


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


def _property_values(holder: Symbol, name: str) -> Iterator[tuple[File, ast.expr, tuple[int, ...]]]:
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


# -- functions -----------------------------------------------------------------------------------


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
            cls = file.method_class(func)
            if cls is None:
                return None
            for symbol in lineage(file, cls).classes[1:]:
                assert isinstance(symbol.node, ast.ClassDef)
                method = symbol.file.methods(symbol.node).get(func.attr)
                if method is not None:
                    return Symbol(symbol.file, method)
            return None
    found = symbol_of(file, func)
    if found is not None and isinstance(found.node, FUNCTIONS):
        return found if found.file.path.parent != STUBS else None
    if isinstance(func, ast.Attribute) and file.qualified(func) is None:
        owners = origins(file, func.value)
        if len(owners) == 1 and (cls_symbol := owners[0].cls) is not None:
            assert isinstance(cls_symbol.node, ast.ClassDef)
            return lineage(cls_symbol.file, cls_symbol.node).method(func.attr)
    return None


def returns(file: File, function: ast.AST) -> list[ast.expr]:
    """The expressions that a function returns, those of nested functions left out."""
    inside = file.inside(function, nested=False)
    return [node.value for node in inside[ast.Return] if node.value is not None]


def _is_generator(callee: Symbol) -> bool:
    inside = callee.file.inside(callee.node, nested=False)
    return bool(inside[ast.Yield] or inside[ast.YieldFrom])


def calls_of(file: File, function: Function) -> list[ast.Call]:
    """The calls in the same file that run `function`, those of unknown objects left out."""
    owner = file.owner(function)
    if function.name == "__init__" and owner is not None:
        return _constructions(file).get(function, [])
    called = file.calls_by_name.get(function.name, [])
    if owner is None:
        return [call for call in called if _may_run(file, call.func, function)]
    return [
        call
        for call in called
        if isinstance(call.func, ast.Attribute) and _is_instance(file, call.func.value, owner)
    ]


def _may_run(file: File, func: ast.expr, function: Function) -> bool:
    """Whether a name means this function: notebooks define the same name again and again."""
    return isinstance(func, ast.Name) and any(
        binding.node is function for binding in reaching(file, func)
    )


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


def argument_for(callee: Symbol, call: ast.Call, parameter: ast.arg) -> ast.expr | None:
    """The expression that a call hands to one parameter of the function it runs."""
    function = callee.node
    assert isinstance(function, FUNCTIONS)
    for keyword in call.keywords:
        if keyword.arg == parameter.arg:
            return keyword.value
    positional = [*function.args.posonlyargs, *function.args.args]
    if parameter not in positional:
        return None
    position = positional.index(parameter)
    decorators = {d.id for d in function.decorator_list if isinstance(d, ast.Name)}
    if callee.file.owner(function) is not None and "staticmethod" not in decorators:
        position -= 1
    if 0 <= position < len(call.args) and not any(
        isinstance(item, ast.Starred) for item in call.args[: position + 1]
    ):
        return call.args[position]
    return None


def default_of(function: Function, parameter: ast.arg) -> ast.expr | None:
    """The default of a parameter, None where there is none or it is the constant None."""
    args = function.args
    positional = [*args.posonlyargs, *args.args]
    pairs: list[tuple[ast.arg, ast.expr | None]] = list(
        zip(reversed(positional), reversed(args.defaults), strict=False)
    )
    pairs += zip(args.kwonlyargs, args.kw_defaults, strict=True)
    for arg, default in pairs:
        if arg is parameter and not (isinstance(default, ast.Constant) and default.value is None):
            return default
    return None


__all__ = [
    "Lineage",
    "Origin",
    "argument_for",
    "attribute_values",
    "calls_of",
    "default_of",
    "framework_bases",
    "function_of",
    "lineage",
    "origins",
    "reaching",
    "read",
    "returns",
    "self_assignments",
]
