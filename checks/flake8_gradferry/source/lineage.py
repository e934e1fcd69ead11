"""What a class derives from, through this file, the project's other files and the stubs."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from . import oracle
from .names import framework
from .project import STUBS, Symbol, resolve, symbol_of
from .walk import FUNCTIONS, File, remembered

# Bases that say nothing about frameworks and hide nothing.
_NEUTRAL = frozenset(
    (
        "object ABC abc.ABC Generic typing.Generic Protocol typing.Protocol Exception Enum "
        "enum.Enum NamedTuple typing.NamedTuple dict list tuple str int"
    ).split()
)


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
        elif isinstance(base, ast.Call):
            maker = symbol_of(file, base.func)
            if maker is not None and isinstance(maker.node, FUNCTIONS):
                # `class Net(make_base())`: no import explains it.
                self.names |= oracle.ancestors(file, base)
        self.complete = False


def framework_bases(file: File, name: str) -> frozenset[str]:
    """The framework class of this canonical name with all it derives from, as far as stubs say."""
    found = resolve(file, name)
    if found is None or not isinstance(found.node, ast.ClassDef):
        return frozenset((name,)) if framework(name) else frozenset()
    return lineage(found.file, found.node).names


def annotated(file: File, annotation: ast.expr) -> frozenset[str]:
    """The framework classes that an annotation names, with their bases; empty where it is none."""
    match annotation:
        case ast.Constant(value=str(text)):
            try:
                inner = ast.parse(text, mode="eval").body
            except SyntaxError:
                return frozenset()
            # The parsed text stands nowhere in the file, so only imports can explain its names.
            name = file.imported(inner)
            return framework_bases(file, name) if name else frozenset()
    named = _but_none(file, annotation)
    if named is None:
        return frozenset()
    found = symbol_of(file, named)
    if found is not None and isinstance(found.node, ast.ClassDef):
        return lineage(found.file, found.node).names
    return framework_bases(file, file.qualified(named) or "")


def annotated_class(file: File, annotation: ast.expr | None) -> Symbol | None:
    """The project's class that an annotation names."""
    match annotation:
        case ast.Constant(value=str(name)):
            bindings = file.scope_of(file.tree).bindings.get(name, [])
            found = next((Symbol(file, b.node) for b in bindings if b.kind == "class"), None)
            if found is None and name in file.imports:
                found = resolve(file, file.imports[name])
        case _:
            named = _but_none(file, annotation) if annotation is not None else None
            found = symbol_of(file, named) if named is not None else None
    if found is None or not isinstance(found.node, ast.ClassDef):
        return None
    return None if found.file.path.parent == STUBS else found


def _but_none(file: File, annotation: ast.expr) -> ast.expr | None:
    """`Net` of `Net | None` and `Optional[Net]`; None for what names no class."""
    match annotation:
        case ast.BinOp(op=ast.BitOr(), left=left, right=ast.Constant(value=None)):
            return _but_none(file, left)
        case ast.Subscript(value=value, slice=inside):
            optional = (file.qualified(value) or "").endswith("Optional")
            return _but_none(file, inside) if optional else None
        case ast.Name() | ast.Attribute():
            return annotation
    return None
