"""A source file as text and tree, and edits that leave the rest of the text as it stands.

Nothing here uses the linter's own analysis: what a mutator takes for visible must not depend on
what the rules can see.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Edit = tuple[int, int, str]  # start, end (characters), replacement


@dataclass(frozen=True)
class Mutant:
    """One planted bug: what to change in `source`, and which file the finding belongs in."""

    code: str
    variant: str
    source: Source
    line: int
    edits: tuple[Edit, ...]
    finding_in: Path | None = None  # where it is not the changed file itself


class Source:
    """A parsed file of a checkout."""

    def __init__(self, path: Path, root: Path, text: str) -> None:
        self.path, self.root, self.text = path, root, text
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.tree = ast.parse(text)
        self.nodes = list(ast.walk(self.tree))
        self.parents = {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._lines = text.splitlines(keepends=True)

    def offset(self, line: int, column: int) -> int:
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        if not text.isascii():
            column = len(text.encode()[:column].decode(errors="replace"))
        return self._starts[line - 1] + column

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node stands, in characters."""
        return (
            self.offset(node.lineno, node.col_offset),
            self.offset(node.end_lineno, node.end_col_offset),
        )

    def written(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    # -- where a node stands -------------------------------------------------------------------

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        while (above := self.parents.get(node)) is not None:
            yield above
            node = above

    def enclosing(self, node: ast.AST, *kinds: type[ast.AST]) -> ast.AST | None:
        return next((above for above in self.ancestors(node) if isinstance(above, kinds)), None)

    def function(self, node: ast.AST) -> ast.AST:
        """The innermost function around a node, else the module."""
        return self.enclosing(node, *FUNCTIONS) or self.tree

    def block(self, statement: ast.AST) -> list[ast.stmt]:
        """The list of statements that holds this one."""
        above = self.parents[statement]
        for name in ("body", "orelse", "finalbody"):
            found = getattr(above, name, None)
            if isinstance(found, list) and statement in found:
                return found
        return []

    def functions(self, name: str) -> list[Function]:
        return [n for n in self.nodes if isinstance(n, FUNCTIONS) and n.name == name]

    # -- edits ---------------------------------------------------------------------------------

    def replace(self, node: ast.AST, new: str) -> Edit:
        """Put `new` in the place of a node; the lines below keep their numbers."""
        start, end = self.span(node)
        missing = self.text.count("\n", start, end) - new.count("\n")
        return start, end, new + "\n" * missing

    def drop(self, statement: ast.AST) -> Edit:
        return self.replace(statement, "pass")

    def drop_argument(self, node: ast.AST) -> Edit:
        """Take one argument or parameter out, with the comma before it (or, if first, behind)."""
        start, end = self.span(node)
        head = self.text[:start].rstrip()
        while "#" in head.rsplit("\n", 1)[-1] and head.rsplit("\n", 1)[-1].lstrip()[:1] == "#":
            head = head.rsplit("\n", 1)[0].rstrip()
        if head.endswith(","):
            begin = len(head) - 1
        else:
            begin = start
            if behind := re.compile(r"\s*,[ ]*").match(self.text, end):
                end = behind.end()
        return begin, end, "\n" * self.text.count("\n", begin, end)

    def edited(self, edits: tuple[Edit, ...]) -> str:
        text = self.text
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text


def walk(node: ast.AST, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of some types below a node (itself left out), in the order of the source."""
    found = [n for n in ast.walk(node) if isinstance(n, kinds) and n is not node]
    yield from sorted(found, key=lambda n: (n.lineno, n.col_offset))


def dotted(node: ast.AST) -> str:
    """`self.opt` for such an expression, "" for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def method_call(node: ast.AST, *names: str) -> ast.Call | None:
    """The call, where `node` is a call of a method (or its statement) with one of these names."""
    if isinstance(node, ast.Expr):
        node = node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node if node.func.attr in names else None
    return None


def receiver(call: ast.Call) -> str:
    """What the method is called on, as written: `self.opt` in `self.opt.step()`."""
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def keyword(call: ast.Call, name: str) -> ast.keyword | None:
    return next((k for k in call.keywords if k.arg == name), None)


@lru_cache(maxsize=400)
def load(path: Path, root: Path) -> Source | None:
    try:
        if path.stat().st_size > 500_000:
            return None
        return Source(path, root, path.read_bytes().decode("utf-8"))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


# -- what a name stands for, as a reader would look it up ----------------------------------------


def imported_from(source: Source, name: str) -> Source | None:
    """The file of the checkout from which `name` is imported."""
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if name in (alias.asname or alias.name, alias.name) or alias.name == "*":
                    found = _module(source, node.module or "", node.level)
                    if found is not None and (alias.name != "*" or _defines(found, name)):
                        return found
                    if not node.module and node.level:  # from . import models
                        return _module(source, alias.name, node.level)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _module(source, alias.name, 0)
    return None


def _defines(source: Source, name: str) -> bool:
    return any(getattr(n, "name", None) == name for n in source.tree.body)


def _module(source: Source, name: str, level: int) -> Source | None:
    parts = [part for part in name.split(".") if part]
    if level:
        folders = [source.path.parent, *source.path.parents][level - 1 : level]
        folders = [source.path.parents[level - 1]]
    else:
        folders = [p for p in source.path.parents if p == source.root or source.root in p.parents]
    for folder in folders:
        for path in (
            folder.joinpath(*parts).with_suffix(".py"),
            folder.joinpath(*parts, "__init__.py"),
        ):
            if parts and path.is_file() and path != source.path:
                return load(path, source.root)
    return None


Made = tuple[Source, ast.AST]  # a class, a function that builds, or the call of a framework class


def defined(source: Source, name: str, depth: int = 0) -> Made | None:
    """The class or function of the project with this (dotted) name."""
    if depth > 4 or not name:
        return None
    head, _, rest = name.partition(".")
    if not rest:
        for node in source.nodes:
            if isinstance(node, (ast.ClassDef, *FUNCTIONS)) and node.name == name:
                return source, node
    other = imported_from(source, head)
    return None if other is None else defined(other, rest or head, depth + 1)


def value(source: Source, node: ast.AST, depth: int = 0) -> Made | None:
    """Where the object in an expression was made, if one place alone can be found."""
    if depth > 5:
        return None
    if isinstance(node, ast.Call):
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in (
            "to",
            "cuda",
            "train",
            "double",
            "float",
        ):
            return value(source, func.value, depth + 1)
        if dotted(func).endswith("DataParallel") and node.args:
            return value(source, node.args[0], depth + 1)
        found = defined(source, dotted(func))
        return found or (source, node)
    if isinstance(node, ast.Attribute) and dotted(node.value) == "self":
        cls = source.enclosing(node, ast.ClassDef)
        values = [] if cls is None else _assigned(cls, dotted(node))
    elif isinstance(node, ast.Name):
        if node.id == "self":
            cls = source.enclosing(node, ast.ClassDef)
            return (source, cls) if cls is not None else None
        scope = source.function(node)
        values = _assigned(scope, node.id)
        if not values and isinstance(scope, FUNCTIONS):
            names = [a.arg for a in scope.args.posonlyargs + scope.args.args]
            if node.id in names:
                return _argument(source, scope, names.index(node.id), node.id, depth)
        if not values:
            values = [v for s in source.tree.body for v in _assigned_here(s, node.id)]
    else:
        return None
    values = [v for v in values if not isinstance(v, ast.Constant)]
    made = {found[1]: found for v in values if (found := value(source, v, depth + 1))}
    return next(iter(made.values())) if len(made) == 1 and len(values) <= 2 else None


def _assigned(scope: ast.AST, name: str) -> list[ast.expr]:
    return [v for s in walk(scope, ast.Assign, ast.AnnAssign) for v in _assigned_here(s, name)]


def _assigned_here(node: ast.AST, name: str) -> list[ast.expr]:
    if isinstance(node, ast.If):
        return [v for s in (*node.body, *node.orelse) for v in _assigned_here(s, name)]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        return [node.value for target in targets if target is not None and dotted(target) == name]
    return []


def _argument(
    source: Source, function: Function, position: int, name: str, depth: int
) -> Made | None:
    """What the callers in the same file hand over."""
    found: dict[ast.AST, Made] = {}
    method = isinstance(source.parents.get(function), ast.ClassDef)
    for call in source.nodes:
        if not isinstance(call, ast.Call) or dotted(call.func).rpartition(".")[2] != function.name:
            continue
        given = keyword(call, name)
        at = position - method
        expr = given.value if given else call.args[at] if 0 <= at < len(call.args) else None
        made = value(source, expr, depth + 1) if expr is not None else None
        if made is None:
            return None
        found[made[1]] = made
    return next(iter(found.values())) if len(found) == 1 else None


MODES = re.compile(r"\b(?:\w*Dropout\w*|\w*BatchNorm\w*|GaussianNoise)\(")


def mode_dependent(made: Made, depth: int = 0) -> bool:
    """Whether Dropout or batch normalisation stands in what makes the model, as text."""
    source, node = made
    text = source.written(node)
    if MODES.search(text):
        return True
    if depth < 3:
        for call in walk(node, ast.Call):
            found = defined(source, dotted(call.func))
            if found is not None and found[1] is not node and mode_dependent(found, depth + 1):
                return True
        for base in getattr(node, "bases", ()):
            found = defined(source, dotted(base))
            if found is not None and found[1] is not node and mode_dependent(found, depth + 1):
                return True
    return False


def how_seen(source: Source, model: ast.expr) -> str:
    """Where a reader sees that a model acts otherwise in training; "" where it does not."""
    made = value(source, model)
    if made is None:
        return "model unseen"
    name = dotted(made[1].func) if isinstance(made[1], ast.Call) else ""
    if mode_dependent(made):
        return "model seen" if made[0] is source else "model of another file"
    if isinstance(made[1], ast.Call) and not name.endswith("Sequential"):
        return "torchvision" if re.search(r"\b(?:models|torchvision)\.", name) else "model unseen"
    return ""


def imports(source: Source, *roots: str) -> bool:
    """Whether one of these packages is imported."""
    return any(re.search(rf"^\s*(?:import|from)\s+{root}\b", source.text, re.M) for root in roots)
