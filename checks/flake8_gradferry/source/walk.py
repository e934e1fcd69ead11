"""One walk over a file's tree, and the facts about the file that every rule may ask.

The walk sorts the nodes by type; rules are then handed the nodes they registered for. What costs
more than that (parents, scopes, what stands inside a function) is worked out when first asked for,
and only for the files in which somebody asks.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from .names import MODULES, canonical

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (ast.Module, *FUNCTIONS, ast.Lambda, ast.ClassDef, *COMPREHENSIONS)

# Fields that never hold a node a rule could ask for; skipping them halves the walk.
_LEAF_FIELDS = frozenset(
    (
        "ctx op ops id attr kind type_comment arg level module asname is_async simple conversion "
        "rest kwd_attrs tag type_ignores n s"
    ).split()
)
_LEAVES = (ast.Constant, ast.Name, ast.Global, ast.Nonlocal, ast.Pass, ast.Break, ast.Continue)

N = TypeVar("N", bound=ast.AST)
P = ParamSpec("P")
R = TypeVar("R")


class _Fields(dict[type[ast.AST], tuple[str, ...]]):
    def __missing__(self, cls: type[ast.AST]) -> tuple[str, ...]:
        names = () if issubclass(cls, _LEAVES) else cls._fields
        self[cls] = kept = tuple(name for name in names if name not in _LEAF_FIELDS)
        return kept


_FIELDS = _Fields()


def children(node: ast.AST) -> Iterator[ast.AST]:
    """The child nodes in the order of the source, contexts and operators left out."""
    for name in _FIELDS[type(node)]:
        value = getattr(node, name, None)
        if isinstance(value, list):
            for item in value:
                if isinstance(item, ast.AST):
                    yield item
        elif isinstance(value, ast.AST):
            yield value


class Index:
    """The nodes below a root, sorted by type: `index[ast.Call]` lists the calls in source order."""

    def __init__(self, root: ast.AST, *, nested: bool = True) -> None:
        nodes: defaultdict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        fields = _FIELDS
        stack = [root]
        while stack:
            node = stack.pop()
            cls = type(node)
            nodes[cls].append(node)
            if not nested and node is not root and cls in _CLOSED:
                continue
            below: list[ast.AST] = []
            for name in fields[cls]:
                value = getattr(node, name, None)
                if value.__class__ is list:
                    below += [item for item in value if isinstance(item, ast.AST)]
                elif isinstance(value, ast.AST):
                    below.append(value)
            stack.extend(reversed(below))
        self.by_type: Mapping[type[ast.AST], list[ast.AST]] = nodes

    def __getitem__(self, cls: type[N]) -> list[N]:
        return self.by_type.get(cls, [])  # type: ignore[return-value]

    def of(self, *classes: type[N]) -> list[N]:
        """The nodes of several types, type after type."""
        return [node for cls in classes for node in self[cls]]

    @property
    def functions(self) -> list[Function]:
        return [*self[ast.FunctionDef], *self[ast.AsyncFunctionDef]]


_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_WITH_BLOCKS = (
    ast.Module,
    *FUNCTIONS,
    ast.ClassDef,
    *LOOPS,
    ast.If,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    getattr(ast, "TryStar", ast.Try),  # new in Python 3.11
    ast.ExceptHandler,
    ast.Match,
    ast.match_case,
)
_CLOSED = frozenset((*FUNCTIONS, ast.Lambda, ast.ClassDef))


@dataclass(frozen=True, eq=False)
class Binding:
    """One place where a name gets a value."""

    node: ast.AST  # the statement, parameter or comprehension that binds
    value: ast.expr | None = None  # what is bound, where an expression says so
    path: tuple[int, ...] = ()  # the position in an unpacked tuple, outermost first
    kind: str = "assign"  # assign, augment, for, with, parameter, import, def, class, other


@dataclass(eq=False)
class Scope:
    """A module, class, function, lambda or comprehension, and the names bound in it."""

    node: ast.AST
    outer: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    elsewhere: set[str] = field(default_factory=set)  # declared global or nonlocal

    def find(self, name: str) -> Scope | None:
        """The scope, this one or one further out, in which `name` is bound."""
        scope: Scope | None = self
        while scope:
            visible = scope is self or not isinstance(scope.node, ast.ClassDef)
            if visible and name in scope.bindings and name not in scope.elsewhere:
                return scope
            scope = scope.outer
        return None


class File:
    """One source file and what is known of it from its own text alone."""

    def __init__(self, tree: ast.Module, path: str = "-", lines: Sequence[str] = ()) -> None:
        self.tree = tree
        self.path = Path(path)
        self.lines = lines
        self.index = Index(tree)
        self._inside: dict[tuple[ast.AST, bool], Index] = {}
        self._methods: dict[ast.ClassDef, dict[str, Function]] = {}

    def forget(self) -> None:
        """Drop all that was found out, so that the tree is freed at once, not by the collector."""
        self.__dict__.clear()

    def __repr__(self) -> str:
        return f"File({str(self.path)!r})"

    @cached_property
    def answers(self) -> defaultdict[Hashable, dict[Hashable, Any]]:
        """What `remembered` questions have found out about this file."""
        return defaultdict(dict)

    # -- names ---------------------------------------------------------------------------------

    @cached_property
    def location(self) -> Path:
        """The absolute path of the file, links followed."""
        return self.path.resolve()

    @cached_property
    def package(self) -> tuple[str, ...]:
        """The packages the file lies in, outermost first: `("app", "nets")` for app/nets/cnn.py."""
        names: list[str] = []
        folder = self.location.parent
        while (folder / "__init__.py").is_file() and folder.name:
            names.append(folder.name)
            folder = folder.parent
        return tuple(reversed(names))

    @cached_property
    def imports(self) -> Mapping[str, str]:
        """Every imported name in the file with the canonical dotted name it stands for.

        Relative imports keep their dots (`.base.Net`); a name that is imported from two places
        stands for the first one that belongs to anything at all (`try: ... except ImportError:`).
        """
        table: dict[str, str] = {}
        for node in self.index[ast.Import]:
            for alias in node.names:
                if alias.asname:
                    table.setdefault(alias.asname, canonical(alias.name))
                else:
                    root = alias.name.partition(".")[0]
                    table.setdefault(root, canonical(root))
        for item in self.index[ast.ImportFrom]:
            module = "." * item.level + (item.module or "")
            for alias in item.names:
                joined = module + alias.name if module.endswith(".") else f"{module}.{alias.name}"
                table.setdefault(alias.asname or alias.name, canonical(joined))
        for statement in self.tree.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Attribute() as value):
                    root, _, rest = (self.dotted(value) or "").partition(".")
                    if root in table and (named := canonical(f"{table[root]}.{rest}")) in MODULES:
                        table.setdefault(name, named)  # `keras = tf.keras` is an import, too
        return table

    @cached_property
    def star_imports(self) -> tuple[str, ...]:
        """The modules of which the file imports everything."""
        return tuple(
            "." * node.level + (node.module or "")
            for node in self.index[ast.ImportFrom]
            if node.names[0].name == "*"
        )

    def imported(self, node: ast.AST) -> str | None:
        """`qualified`, but without asking whether the name means something else at `node`."""
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        # Most expressions start at a local name and are done with here.
        if not isinstance(root, ast.Name) or (target := self.imports.get(root.id)) is None:
            return None
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        return canonical(".".join([target, *reversed(parts)])) if parts else target

    def qualified(self, node: ast.AST) -> str | None:
        """The canonical dotted name of an expression that starts at an imported name, else None.

        `nn.Linear` after `from torch import nn` is `torch.nn.Linear`. A name that is also bound
        to something else where it is used (a parameter called `nn`) is not an imported name.
        """
        name = self.imported(node)
        return None if name is None or self._shadowed(node) else name

    def _shadowed(self, node: ast.AST) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        assert isinstance(node, ast.Name)
        if node.id not in self.rebound:
            return False
        scope = self.scope(node).find(node.id)
        return scope is not None and not any(
            b.kind == "import" or self._renames(b, node.id) for b in scope.bindings[node.id]
        )

    def _renames(self, binding: Binding, name: str) -> bool:
        """Whether a binding is a `keras = tf.keras` that the import table holds."""
        if not isinstance(binding.node, ast.Assign) or binding.node not in self.tree.body:
            return False
        value = binding.node.value
        return isinstance(value, ast.Attribute) and self.imported(value) == self.imports[name]

    @cached_property
    def rebound(self) -> frozenset[str]:
        """The names that are bound anywhere in the file by something other than an import."""
        index = self.index
        names = {node.id for node in index[ast.Name] if isinstance(node.ctx, ast.Store)}
        names.update(node.arg for node in index[ast.arg])
        names.update(node.name for node in (*index.functions, *index[ast.ClassDef]))
        names.update(node.name or "" for node in index[ast.ExceptHandler])
        names.update(node.name or "" for node in index[ast.MatchAs])
        names.update(node.name or "" for node in index[ast.MatchStar])
        return frozenset(names)

    @staticmethod
    def dotted(node: ast.AST) -> str | None:
        """The expression as written, where it is a plain dotted name: `self.opt`, `loss`."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        return ".".join([node.id, *reversed(parts)])

    @cached_property
    def calls_by_name(self) -> Mapping[str, list[ast.Call]]:
        """The calls by the last name of what is called: `fit` for `fit(x)` and `net.fit(x)`."""
        found: defaultdict[str, list[ast.Call]] = defaultdict(list)
        for call in self.index[ast.Call]:
            match call.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    found[name].append(call)
        return dict(found)

    # -- where a node stands -------------------------------------------------------------------

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        parents: dict[ast.AST, ast.AST] = {}
        fields = _FIELDS
        for cls, nodes in self.index.by_type.items():
            if not (names := fields[cls]):
                continue
            for node in nodes:
                for name in names:
                    value = getattr(node, name, None)
                    if value.__class__ is list:
                        for item in value:
                            parents[item] = node
                    elif isinstance(value, ast.AST):
                        parents[value] = node
        return parents

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self._parents.get(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around `node`, innermost first."""
        parents = self._parents
        while (above := parents.get(node)) is not None:
            yield above
            node = above

    def enclosing(self, node: ast.AST, *classes: type[N]) -> N | None:
        """The innermost node of one of these types around `node`."""
        for above in self.ancestors(node):
            if isinstance(above, classes):
                return above
        return None

    def function(self, node: ast.AST) -> Function | None:
        """The function whose body `node` runs in."""
        for above in self.ancestors(node):
            if isinstance(above, FUNCTIONS):
                return above
            if isinstance(above, ast.ClassDef):
                return None
        return None

    def owner(self, function: ast.AST) -> ast.ClassDef | None:
        """The class that a method is defined in."""
        above = self.enclosing(function, ast.ClassDef, *FUNCTIONS)
        return above if isinstance(above, ast.ClassDef) else None

    def method_class(self, node: ast.AST) -> ast.ClassDef | None:
        """The class whose `self` is meant at `node`, through nested functions too."""
        return self.enclosing(node, ast.ClassDef)

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that `node` is part of, or is."""
        while not isinstance(node, ast.stmt):
            node = self._parents[node]
        return node

    def inside(self, root: ast.AST, *, nested: bool = True) -> Index:
        """The nodes below `root` by type, built once; `nested=False` stays out of inner defs."""
        key = (root, nested)
        if key not in self._inside:
            self._inside[key] = Index(root, nested=nested)
        return self._inside[key]

    def body_of(self, node: ast.AST) -> Index:
        """What stands in the function that `node` runs in, or in the module outside functions."""
        function = self.function(node)
        return self.inside(function) if function else self.inside(self.tree, nested=False)

    def methods(self, cls: ast.ClassDef) -> dict[str, Function]:
        """The methods that the class body itself defines, under `if` and `try` too."""
        found = self._methods.get(cls)
        if found is None:
            found = self._methods[cls] = {}
            statements: list[ast.stmt] = [*cls.body]
            for statement in statements:  # grows while it is read
                if isinstance(statement, FUNCTIONS):
                    found[statement.name] = statement
                elif isinstance(statement, (ast.If, ast.With, ast.Try)):
                    statements += (s for s in children(statement) if isinstance(s, ast.stmt))
                    for handler in getattr(statement, "handlers", ()):
                        statements += handler.body
        return found

    # -- scopes --------------------------------------------------------------------------------

    @cached_property
    def blocks(self) -> Mapping[ast.AST, tuple[ast.AST, str, int]]:
        """Each statement in a block: the block's owner, which of its blocks it is, the place."""
        found: dict[ast.AST, tuple[ast.AST, str, int]] = {}
        for node in self.index.of(*_WITH_BLOCKS):
            for name in _BLOCKS:
                for position, item in enumerate(getattr(node, name, ())):
                    found[item] = (node, name, position)
        return found

    @cached_property
    def _scopes(self) -> dict[ast.AST, Scope]:
        return _Scopes(self).scopes

    def scope(self, node: ast.AST) -> Scope:
        """The scope whose names an expression at `node` sees first."""
        inner = node
        for above in self.ancestors(node):
            if isinstance(above, _SCOPES) and not _evaluated_outside(above, inner):
                return self._scopes[above]
            inner = above
        return self._scopes[self.tree]

    def scope_of(self, node: ast.AST) -> Scope:
        """The scope that a module, class, function, lambda or comprehension opens."""
        return self._scopes[node]


def _evaluated_outside(scope: ast.AST, child: ast.AST) -> bool:
    """Whether a direct child of a definition (default, decorator, base) runs around it."""
    if isinstance(scope, ast.Lambda):
        return child is scope.args
    return isinstance(scope, (*FUNCTIONS, ast.ClassDef)) and not isinstance(child, ast.stmt)


_BINDERS = frozenset(
    (
        *FUNCTIONS,
        ast.ClassDef,
        ast.Assign,
        ast.AnnAssign,
        ast.AugAssign,
        ast.NamedExpr,
        ast.For,
        ast.AsyncFor,
        ast.comprehension,
        ast.With,
        ast.AsyncWith,
        ast.Import,
        ast.ImportFrom,
        ast.ExceptHandler,
        ast.MatchAs,
        ast.MatchStar,
        ast.Global,
        ast.Nonlocal,
    )
)


class _Scopes:
    """Collects which names are bound where."""

    def __init__(self, file: File) -> None:
        index = file.index
        self._file = file
        opened = index.of(*_SCOPES)
        self.scopes: dict[ast.AST, Scope] = {node: Scope(node, None) for node in opened}
        for node, scope in self.scopes.items():
            scope.outer = self._around(node)
            self._parameters(node, scope)
        for node in index.of(*_BINDERS):
            scope_around = self._around(node)
            assert scope_around is not None
            self._bind(node, scope_around)
        for found in self.scopes.values():
            for bindings in found.bindings.values():
                bindings.sort(key=lambda b: position(b.node))

    def _around(self, node: ast.AST) -> Scope | None:
        inner = node
        for above in self._file.ancestors(node):
            if above in self.scopes and not _evaluated_outside(above, inner):
                return self.scopes[above]
            inner = above
        return None

    @staticmethod
    def _parameters(node: ast.AST, scope: Scope) -> None:
        if not isinstance(node, (*FUNCTIONS, ast.Lambda)):
            return
        args = node.args
        positional = [*args.posonlyargs, *args.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults))
        pairs = list(zip(positional, [*defaults, *args.defaults], strict=True))
        pairs += zip(args.kwonlyargs, args.kw_defaults, strict=True)
        for arg, default in pairs:
            scope.bindings[arg.arg].append(Binding(arg, default, kind="parameter"))
        for rest in (args.vararg, args.kwarg):
            if rest:
                scope.bindings[rest.arg].append(Binding(rest, kind="other"))

    def _bind(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.Assign():
                for target in node.targets:
                    self._target(target, node, node.value, "assign", scope)
            case ast.AnnAssign() | ast.NamedExpr():
                if node.value is not None:
                    self._target(node.target, node, node.value, "assign", scope)
            case ast.AugAssign():
                self._target(node.target, node, node.value, "augment", scope)
            case ast.For() | ast.AsyncFor():
                self._target(node.target, node, node.iter, "for", scope)
            case ast.comprehension():
                self._target(node.target, node, node.iter, "for", scope)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    if item.optional_vars is not None:
                        self._target(item.optional_vars, node, item.context_expr, "with", scope)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    scope.bindings[name].append(Binding(node, kind="import"))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                scope.bindings[node.name].append(Binding(node, kind="def"))
            case ast.ClassDef():
                scope.bindings[node.name].append(Binding(node, kind="class"))
            case ast.ExceptHandler(name=str(name)):
                scope.bindings[name].append(Binding(node, kind="other"))
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                scope.bindings[name].append(Binding(node, kind="other"))
            case ast.Global() | ast.Nonlocal():
                scope.elsewhere.update(node.names)

    def _target(
        self,
        target: ast.expr,
        node: ast.AST,
        value: ast.expr | None,
        kind: str,
        scope: Scope,
        path: tuple[int, ...] = (),
    ) -> None:
        match target:
            case ast.Name():
                # `x := ...` in a comprehension binds in the function around it.
                while isinstance(node, ast.NamedExpr) and isinstance(scope.node, COMPREHENSIONS):
                    assert scope.outer is not None
                    scope = scope.outer
                scope.bindings[target.id].append(Binding(node, value, path, kind))
            case ast.Tuple() | ast.List():
                starred = any(isinstance(item, ast.Starred) for item in target.elts)
                for position, item in enumerate(target.elts):
                    if starred:
                        inner = item.value if isinstance(item, ast.Starred) else item
                        self._target(inner, node, None, "other", scope)
                    else:
                        self._target(item, node, value, kind, scope, (*path, position))
            case _:
                pass


def position(node: ast.AST) -> tuple[int, int]:
    """Line (from 1) and column (from 0) at which a node starts."""
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


_NONE_YET: Any = object()


def remembered(question: Callable[P, R]) -> Callable[P, R]:
    """Let a question be worked out once for each set of arguments, given by position.

    The first argument is a `File` or has one as `.file`: the answers are kept there, and are freed
    with it.
    """
    return remembered_or(_NONE_YET)(question)


def remembered_or(meanwhile: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """`remembered`, for a question that may come up again while it is being answered.

    The inner one then gets `meanwhile`: an answer that needs itself is none.
    """

    def decorate(question: Callable[P, R]) -> Callable[P, R]:
        @wraps(question)
        def ask(*about: P.args, **named: P.kwargs) -> R:
            first: Any = about[0]
            file: File = first if isinstance(first, File) else first.file
            known = file.answers[question]
            if about not in known:
                if meanwhile is not _NONE_YET:
                    known[about] = meanwhile
                known[about] = question(*about, **named)
            return known[about]  # type: ignore[no-any-return]

        return ask

    return decorate
