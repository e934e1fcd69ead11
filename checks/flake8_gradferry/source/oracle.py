"""What astroid can say of an expression that imports and assignments do not explain.

Look-ups in dicts, functions that return functions, classes made by functions: astroid infers
them. It is slow (some 40 ms a file, twenty times `ast.parse`) and by
itself blind to `tf.keras`, so it is imported on first need, asked last, and told of the frameworks
by `stubs/`. Every other module is either a file of the project or refused: nothing is imported.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from .names import framework
from .project import STUBS, Symbol, module
from .walk import File, remembered_or

# Enough for a file, its models and its base classes; past that an answer costs more than it gives.
_MAX_MODULES = 4
_MAX_LINES = 3000
# The other names under which the stubs' modules are imported.
_OTHER_NAMES = {"keras": ("tensorflow.keras", "tf_keras"), "lightning": ("pytorch_lightning",)}


class Instance(NamedTuple):
    """A class of which an expression may be an instance."""

    name: str  # canonical for a framework's class, else the class's own name
    ancestors: frozenset[str]  # canonical names of framework classes, the class itself included
    symbol: Symbol | None  # the class of the project


def instances(file: File, node: ast.AST) -> tuple[Instance, ...]:
    """The classes that the value of `node` may be an instance of; empty when it cannot be seen."""
    found = []
    for value in _infer(file, node):
        if type(value).__name__ != "Instance":
            return ()
        found.append(_describe(file, value._proxied))
    return tuple(found)


def ancestors(file: File, node: ast.AST) -> frozenset[str]:
    """The framework classes that the class which `node` evaluates to is or derives from."""
    names: set[str] = set()
    for value in _infer(file, node):
        if type(value).__name__ != "ClassDef":
            return frozenset()
        names |= _describe(file, value).ancestors
    return frozenset(names)


def _describe(file: File, cls: Any) -> Instance:
    line = [cls, *cls.ancestors()]
    names = frozenset(name for c in line if framework(name := c.qname()))
    symbol = None
    if cls.qname() not in names:
        symbol = _symbol(file, cls)
    return Instance(cls.qname() if cls.qname() in names else cls.name, names, symbol)


def _symbol(file: File, cls: Any) -> Symbol | None:
    name = cls.root().name
    home = file if name == _module_name(file) else module(file, name)
    for node in home.index[ast.ClassDef] if home is not None else ():
        if node.lineno == cls.fromlineno and node.name == cls.name:
            assert home is not None
            return Symbol(home, node)
    return None


def _module_name(file: File) -> str:
    stem = () if file.path.stem == "__init__" else (file.path.stem,)
    return ".".join((*file.package, *stem)) or "__main__"


def _infer(file: File, node: ast.AST) -> list[Any]:
    if not isinstance(node, ast.expr):
        return []
    place = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
    target = _tree(file).get((type(node).__name__, place))
    if target is None:
        return []
    _modules().file = file
    try:
        values = list(target.infer())
    except Exception:  # astroid gives up in many ways, and all mean that it cannot see
        return []
    return [] if any(type(value).__name__ == "UninferableBase" for value in values) else values


@remembered_or(MappingProxyType({}))
def _tree(file: File) -> Mapping[tuple[Any, ...], Any]:
    """astroid's nodes of the file by type and place; empty when astroid cannot build it."""
    return _build(file) if 0 < len(file.lines) <= _MAX_LINES else {}


def _build(file: File) -> dict[tuple[Any, ...], Any]:
    modules = _modules()
    modules.start(file)
    try:
        tree = modules.build(file)
    except Exception:  # as above
        return {}
    nodes: dict[tuple[Any, ...], Any] = {}
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        stack.extend(node.get_children())
        place = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        nodes[type(node).__name__, place] = node
    return nodes


class _Modules(dict[str, Any]):
    """astroid's cache of modules, in which every module is: a stub, a project file, or refused."""

    def __init__(self, known: dict[str, Any], manager: Any) -> None:
        super().__init__(known)
        self.manager = manager
        self.file: File | None = None
        self._project: list[str] = []

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Any:
        from astroid.exceptions import AstroidImportError

        if self.file is not None and not framework(name) and len(self._project) < _MAX_MODULES:
            home = module(self.file, name)
            if home is not None and len(home.lines) <= _MAX_LINES:
                return self.build(home, name)
        raise AstroidImportError(f"{name} is not a file of the project", modname=name)

    def start(self, file: File) -> None:
        """Forget the modules of the file before."""
        self.file = file
        for name in self._project:
            self.pop(name, None)
        self._project.clear()

    def build(self, file: File, name: str = "") -> Any:
        from astroid.builder import AstroidBuilder

        name = name or _module_name(file)
        self._project.append(name)
        # astroid's transforms infer every call of a file when it is built: minutes, on some.
        tree = AstroidBuilder(self.manager, apply_transforms=False).string_build(
            "".join(file.lines), modname=name, path=str(file.path)
        )
        tree.package = file.path.stem == "__init__"
        self[name] = tree
        return tree


@lru_cache(maxsize=1)
def _modules() -> _Modules:
    from astroid.builder import AstroidBuilder
    from astroid.manager import AstroidManager

    manager = AstroidManager()
    modules = _Modules(manager.astroid_cache, manager)
    AstroidManager.brain["astroid_cache"] = manager.astroid_cache = modules
    for path in sorted(STUBS.glob("*.pyi")):
        text = path.read_text(encoding="utf-8")
        if path.stem == "tensorflow":
            text = "import keras\n" + text
        stub = AstroidBuilder(manager, apply_transforms=False).string_build(
            text, modname=path.stem, path=str(path)
        )
        stub.package = True
        root, dot, rest = path.stem.partition(".")
        for name in (root, *_OTHER_NAMES.get(root, ())):
            modules[name + dot + rest] = stub
    return modules
