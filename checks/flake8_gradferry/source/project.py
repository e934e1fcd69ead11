"""The files around a file: which module a name was imported from, and what stands there.

Imports are resolved by looking for files, never by importing. Framework modules are answered from
`stubs/`; any other name that is not found in the project cannot be seen, and the answer is None.
"""

from __future__ import annotations

import ast
import builtins
import os
import tokenize
import warnings
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from .bindings import reaching
from .names import canonical, framework
from .walk import FUNCTIONS, File, remembered

STUBS = Path(__file__).parents[1] / "stubs"
_ROOT_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "requirements.txt", ".git")
_MAX_BYTES = 2_000_000
_MAX_QUESTIONS = 200  # for one name; star imports can lead through a whole package

# Calls that give back the function they are given, compiled.
COMPILERS = frozenset(("tensorflow.function", "torch.compile", "torch.jit.script"))
_NEIGHBOURS = 64

# What was asked on the way to one answer: modules that import each other never end otherwise.
Seen = set[object]


class Symbol(NamedTuple):
    """What a dotted name stands for: a class, function, module or assigned expression."""

    file: File
    node: ast.AST
    name: str = ""  # the canonical dotted name, for things of a framework


def parse(source: str, path: str) -> ast.Module:
    """`ast.parse` that keeps the user's SyntaxWarnings to itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source, path)


# A project's base classes and helpers are asked for again and again; whole projects are not kept:
# flake8's own garbage collections read every tree that is alive. With fewer than a package's star
# imports lead through, each question reads them all anew (TensorLayer: 20 s for 2 s).
@lru_cache(maxsize=128)
def read(path: Path) -> File | None:
    """The file at `path`, or None if it cannot be read or does not parse."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        with tokenize.open(path) as stream:
            source = stream.read()
        return File(parse(source, str(path)), str(path), source.splitlines(keepends=True))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@lru_cache(maxsize=16384)
def _is_file(path: str) -> bool:
    return os.path.isfile(path)


@lru_cache(maxsize=1024)
def search_path(folder: str) -> tuple[str, ...]:
    """The folders in which a file in `folder` finds its project's modules, nearest first.

    The folder itself (scripts import their neighbours), the one that holds its outermost package,
    and each folder up to the project's root with its `src`.
    """
    top = folder
    while _is_file(os.path.join(top, "__init__.py")) and os.path.dirname(top) != top:
        top = os.path.dirname(top)
    found = [folder, top]
    above = [top, *map(str, Path(top).parents)]
    for position, candidate in enumerate(above):
        if any(os.path.exists(os.path.join(candidate, marker)) for marker in _ROOT_MARKERS):
            for root in above[: position + 1]:
                found += [root, os.path.join(root, "src")]
            break
    else:
        found += [os.path.dirname(top), os.path.join(top, "src")]
    return tuple(dict.fromkeys(found))


def _locate(folder: str, parts: list[str]) -> str | None:
    base = os.path.join(folder, *parts)
    for candidate in (base + ".py", os.path.join(base, "__init__.py")):
        if _is_file(candidate):
            return candidate
    return None


@lru_cache(maxsize=256)
def _stub(name: str) -> File | None:
    path = STUBS / f"{name}.pyi"
    return read(path) if path.is_file() else None


def module(file: File, name: str) -> File | None:
    """The module that `name` (absolute, or relative with its dots) means in `file`."""
    if framework(name):
        return _stub(name)
    path = _module_path(str(file.location), name)
    return read(Path(path)) if path is not None else None


# Looking for files costs milliseconds, and the same names are asked for again and again.
@lru_cache(maxsize=16384)
def _module_path(importer: str, name: str) -> str | None:
    folder = os.path.dirname(importer)
    level = len(name) - len(name.lstrip("."))
    parts = [part for part in name[level:].split(".") if part]
    if level:
        for _ in range(level - 1):
            folder = os.path.dirname(folder)
        if not parts:
            return _locate(os.path.dirname(folder), [os.path.basename(folder)])
        return _locate(folder, parts)
    for root in search_path(folder):
        installed = os.path.basename(root) in ("site-packages", "dist-packages")
        if installed and not folder.startswith(os.path.join(root, parts[0])):
            continue  # an installed package's neighbours are other people's projects
        path = _locate(root, parts)
        if path is not None and path != importer:
            return path
    return None


@lru_cache(maxsize=4096)
def mentions(path: str, word: str) -> bool:
    """Whether a word stands anywhere in a file: much cheaper than to parse it."""
    try:
        return word.encode() in Path(path).read_bytes()
    except OSError:
        return False


def importers(file: File, *words: str) -> Iterator[Path]:
    """The files beside this one, or in the folder above, that name it and all of these words: who
    imports what is in it.

    A look at the text of at most 64 files of each folder.
    """
    folders = file.location.parent, file.location.parent.parent
    for path in (p for folder in folders for p in islice(folder.glob("*.py"), _NEIGHBOURS)):
        if path != file.location and all(
            mentions(str(path), word) for word in (file.location.stem, *words)
        ):
            yield path


def home_of(file: File, name: str) -> str | None:
    """The path of the project's module that holds an imported name, re-exports followed."""
    level = len(name) - len(name.lstrip("."))
    parts = name[level:].split(".")
    for cut in range(len(parts), 0, -1):
        path = _module_path(str(file.location), "." * level + ".".join(parts[:cut]))
        if path is not None and os.path.basename(path) != "__init__.py":
            return path
        if path is not None:
            break
    found = resolve(file, name)
    return str(found.file.path) if found is not None else None


def resolve(file: File, name: str, seen: Seen | None = None) -> Symbol | None:
    """What a dotted name that was imported into `file` stands for, through re-exports."""
    return _resolved(file, name) if seen is None else _resolve(file, name, seen)


@remembered
def _resolved(file: File, name: str) -> Symbol | None:
    return _resolve(file, name, set())


def _resolve(file: File, name: str, seen: Seen) -> Symbol | None:
    if (file.path, name) in seen or len(seen) > _MAX_QUESTIONS:
        return None
    seen.add((file.path, name))
    name = canonical(name)
    level = len(name) - len(name.lstrip("."))
    parts = name[level:].split(".")
    for cut in range(len(parts), 0, -1):
        found = module(file, "." * level + ".".join(parts[:cut]))
        if found is not None:
            symbol = None
            if cut == len(parts) > 1 and not framework(name):
                # What `pkg/__init__.py` imports hides the module of the same name beside it.
                package = module(file, "." * level + ".".join(parts[:-1]))
                if package is not None and parts[-1] in package.scope_of(package.tree).bindings:
                    symbol = member(package, parts[-1:], seen)
            symbol = symbol or member(found, parts[cut:], seen)
            if symbol is not None and framework(name) and not symbol.name:
                return symbol._replace(name=name)
            return symbol
    package = module(file, "." * level) if level else None
    return member(package, parts, seen) if package is not None else None


def member(file: File, parts: list[str], seen: Seen | None = None) -> Symbol | None:
    """What `parts` mean at the top level of a module; no parts mean the module itself."""
    seen = set() if seen is None else seen
    if not parts:
        return Symbol(file, file.tree)
    head, *rest = parts
    bindings = file.scope_of(file.tree).bindings.get(head, [])
    for binding in reversed(bindings):
        symbol: Symbol | None = None
        if isinstance(binding.node, (ast.ClassDef, *FUNCTIONS)):
            symbol = Symbol(file, binding.node)
        elif binding.kind == "import":
            symbol = resolve(file, file.imports[head], seen)
        elif binding.value is not None and not binding.path:
            symbol = symbol_of(file, binding.value, seen) or Symbol(file, binding.value)
        if symbol is not None:
            if not rest:
                return symbol
            if isinstance(symbol.node, ast.Module):
                return member(symbol.file, rest, seen)
            if isinstance(symbol.node, ast.ClassDef) and len(rest) == 1:
                method = symbol.file.methods(symbol.node).get(rest[0])
                return Symbol(symbol.file, method) if method else None
    if not bindings:
        for star in file.star_imports:
            if framework(canonical(star)):
                symbol = resolve(file, ".".join([star, *parts]), seen)
            else:
                symbol = _starred(file, star, parts, seen)
            if symbol is not None:
                return symbol
    return None


def _starred(file: File, star: str, parts: list[str], seen: Seen) -> Symbol | None:
    found = module(file, star)
    if found is None or (found.path, parts[0]) in seen or len(seen) > _MAX_QUESTIONS:
        return None
    seen.add((found.path, parts[0]))
    return member(found, parts, seen)


def symbol_of(file: File, node: ast.AST, seen: Seen | None = None) -> Symbol | None:
    """The class, function or module that an expression names, in this file or another."""
    seen = set() if seen is None else seen
    if node in seen or len(seen) > _MAX_QUESTIONS:
        return None
    seen.add(node)
    if isinstance(node, ast.Subscript):  # Generic[T]
        node = node.value
    if isinstance(node, ast.Call):  # train_step = tf.function(step)
        compiles = node.args and file.qualified(node.func) in COMPILERS
        return symbol_of(file, node.args[0], seen) if compiles else None
    qualified = file.qualified(node)
    if qualified is not None:
        return resolve(file, qualified, seen if len(seen) > 1 else None)
    if isinstance(node, ast.Name):
        if node.id == "__class__" and (cls := file.method_class(node)) is not None:
            return Symbol(file, cls)
        if node.id not in file.rebound:
            # Neither imported nor bound anywhere: a builtin, or from `import *`.
            starred = file.star_imports and not hasattr(builtins, node.id)
            return member(file, [node.id], seen) if starred else None
        scope = file.scope(node).find(node.id)
        if scope is None:
            return None
        for binding in reversed(reaching(file, node) or scope.bindings[node.id]):
            if isinstance(binding.node, (ast.ClassDef, *FUNCTIONS)):
                return Symbol(file, binding.node)
            if binding.kind == "assign" and binding.value is not None and not binding.path:
                return symbol_of(file, binding.value, seen)
        return None
    if isinstance(node, ast.Attribute):
        holder = symbol_of(file, node.value, seen)
        if holder is not None and isinstance(holder.node, ast.Module):
            return member(holder.file, [node.attr], seen)
        if holder is not None and isinstance(holder.node, ast.ClassDef):
            method = holder.file.methods(holder.node).get(node.attr)
            return Symbol(holder.file, method) if method else None
    return None
