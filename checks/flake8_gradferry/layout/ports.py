"""One model in both frameworks: which class, function or variable is the port of which.

Strict on purpose. Two sides belong together if their names are equal but for a word that names a
framework (`TorchNet` and `KerasNet`, `build_torch` and `build_keras`, `t_conv` and `k_conv`), or,
for classes in neighbouring files, equal. Their layers belong together by the name that holds
them, or in order where there are as many of a kind on either side.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ..source.infer import lineage
from ..source.project import read
from ..source.walk import FUNCTIONS, File, position, remembered

_FRAMEWORK_WORDS = frozenset("k keras pt pytorch t tensorflow tf tf2 th torch".split())
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_BRANDS = (
    ("PyTorch", "Torch_"),
    ("Pytorch", "Torch_"),
    ("TensorFlow", "Tf_"),
    ("TF2", "Tf_"),
    ("TF", "Tf_"),
)
_NEIGHBOURS = 60


class Side(NamedTuple):
    """A model, or a part of one, in one framework."""

    file: File
    root: ast.AST  # class, function, or the assignment of a variable
    name: str
    framework: str

    @property
    def words(self) -> tuple[str, ...]:
        return bare_words(self.name)


class Part(NamedTuple):
    """A call of a framework on one side, and the name that its result is given."""

    file: File
    call: ast.Call
    name: str  # canonical
    key: str
    root: ast.AST | None = None  # the side that it is part of


@lru_cache(maxsize=4096)
def bare_words(name: str) -> tuple[str, ...]:
    """The words of an identifier without those that name a framework."""
    for brand, word in _BRANDS:
        name = name.replace(brand, word)
    words = tuple(word.lower() for word in _WORD.findall(name))
    return tuple(word for word in words if word not in _FRAMEWORK_WORDS)


# -- sides -----------------------------------------------------------------------------------------


def framework_of(name: str) -> str | None:
    """`torch` or `keras`, for what belongs to a model in it."""
    root = name.partition(".")[0]
    if root == "torch":
        return "torch"
    return "keras" if root in ("keras", "tensorflow") else None


@remembered
def sides(file: File) -> list[Side]:
    """The classes, functions and variables of a file that hold layers of one framework alone."""
    found: list[Side] = []
    for cls in file.index[ast.ClassDef]:
        family = lineage(file, cls)
        if family.is_torch_module or family.is_keras_layer:
            framework = "torch" if family.is_torch_module else "keras"
            found.append(Side(file, cls, cls.name, framework))
    for function in file.index.functions:
        if file.enclosing(function, *FUNCTIONS, ast.ClassDef) is None:
            frameworks = {framework_of(part.name) for part in parts(file, function)}
            if len(frameworks) == 1:
                found.append(Side(file, function, function.name, frameworks.pop() or ""))
    for assign in file.index[ast.Assign]:
        match assign:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as value):
                makes = framework_of(file.qualified(value.func) or "")
                if makes is not None and file.enclosing(assign, ast.ClassDef) is None:
                    found.append(Side(file, assign, name, makes))
    return found


@remembered
def parts(file: File, root: ast.AST) -> list[Part]:
    """The layers, and calls of the frameworks' functions, inside a side, in source order."""
    found: list[Part] = []
    for call in file.inside(root)[ast.Call]:
        name = file.qualified(call.func) or ""
        if name.startswith(("torch.nn.", "keras.layers.", "keras.ops.", "tensorflow.")):
            found.append(Part(file, call, name, _key(file, call), root))
    return found


def _key(file: File, call: ast.Call) -> str:
    match file.parent(call):
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            return (file.dotted(target) or "").rpartition(".")[2]
    return ""


def counterparts(side: Side) -> list[Side]:
    """The sides in the other framework that carry the same name."""
    found = [
        other
        for other in sides(side.file)
        if other.framework != side.framework
        and other.words == side.words
        and type(other.root) is type(side.root)
        and _together(side, other)
    ]
    if isinstance(side.root, ast.ClassDef) and side.words:
        for path in _neighbours(str(side.file.location), side.framework):
            neighbour = read(Path(path))
            if neighbour is not None:
                found += [
                    other
                    for other in sides(neighbour)
                    if isinstance(other.root, ast.ClassDef)
                    and other.framework != side.framework
                    and other.words == side.words
                ]
    return found


def _together(side: Side, other: Side) -> bool:
    """Whether two names of one file mean things of the same scope."""
    if isinstance(side.root, ast.Assign):
        return side.file.function(side.root) is side.file.function(other.root)
    return True


def _neighbours(path: str, framework: str) -> list[str]:
    """The files beside a file that speak of the other framework.

    In its folder and, under the same file name, in the folder's siblings named for a framework.
    """
    folder, name = os.path.split(path)
    found = [other for other in _python_files(folder) if other != path]
    above, own = os.path.split(folder)
    if not bare_words(own):
        for sibling in _folders(above):
            if sibling != own and not bare_words(sibling):
                found.append(os.path.join(above, sibling, name))
    wanted = b"keras" if framework == "torch" else b"torch"
    return [other for other in found if wanted in _frameworks_named(other)]


@lru_cache(maxsize=512)
def _python_files(folder: str) -> tuple[str, ...]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".py"))
    except OSError:
        return ()
    return tuple(os.path.join(folder, name) for name in names) if len(names) < _NEIGHBOURS else ()


@lru_cache(maxsize=512)
def _folders(above: str) -> tuple[str, ...]:
    try:
        return tuple(entry.name for entry in os.scandir(above) if entry.is_dir())
    except OSError:
        return ()


@lru_cache(maxsize=16384)
def _frameworks_named(path: str) -> frozenset[bytes]:
    try:
        source = Path(path).read_bytes()
    except OSError:
        return frozenset()
    return frozenset(word for word in (b"keras", b"torch") if word in source)


# -- layers that belong together -------------------------------------------------------------------


def odd_one_out(
    file: File,
    call: ast.Call,
    kind: Callable[[str], bool],
    differ: Callable[[Part, Part], bool | None],
) -> Part | None:
    """The layer of the other framework that `call` is the port of, or the model for, and differs
    from.

    `kind` says which canonical names may pair; `differ` compares torch's part with Keras' and may
    answer None. Nothing is odd if some counterpart agrees. Of two layers in one file the later one
    is to blame.
    """
    for side in _sides_around(file, call):
        twins: list[Part] = []
        for other in counterparts(side):
            twin = _twin(side, other, call, kind)
            if twin is not None:
                twins.append(twin)
        mine = next(part for part in parts(file, side.root) if part.call is call)
        answers: list[tuple[Part, bool | None]] = []
        for twin in twins:
            pair = (mine, twin) if side.framework == "torch" else (twin, mine)
            answers.append((twin, differ(*pair)))
        if any(answer is False for _, answer in answers):
            return None
        for twin, answer in answers:
            later = twin.file is not file or position(call) > position(twin.call)
            if answer and later:
                return twin
    return None


def _sides_around(file: File, call: ast.Call) -> list[Side]:
    around = {*file.ancestors(call)}
    return [side for side in sides(file) if side.root in around]


def _twin(side: Side, other: Side, call: ast.Call, kind: Callable[[str], bool]) -> Part | None:
    mine = [part for part in parts(side.file, side.root) if kind(part.name)]
    theirs = [part for part in parts(other.file, other.root) if kind(part.name)]
    place = next((at for at, part in enumerate(mine) if part.call is call), None)
    if place is None:
        return None
    key = mine[place].key
    named = [part for part in theirs if part.key == key]
    if key and len(named) == 1 and sum(part.key == key for part in mine) == 1:
        return named[0] if isinstance(side.root, ast.ClassDef) or len(theirs) == len(mine) else None
    return theirs[place] if len(mine) == len(theirs) else None
