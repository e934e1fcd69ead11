"""What the stubs say of the frameworks' classes is what the installed frameworks say."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flake8_gradferry.infer import lineage
from flake8_gradferry.names import canonical
from flake8_gradferry.project import STUBS, read

FILES = sorted(STUBS.glob("*.pyi"))
# Stub files of packages that the tests do not install.
OPTIONAL = ("lightning",)
# Classes that Keras' layers, models and optimizers are told apart by.
COMPLETE = ("keras.layers", "keras.losses", "keras.optimizers", "torch.optim")


def classes(path: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """The stub's classes with the canonical names of all they derive from."""
    file = read(path)
    assert file is not None
    for node in file.index[ast.ClassDef]:
        yield node.name, lineage(file, node).names


def imported(path: Path) -> Any:
    if path.stem in OPTIONAL:
        return pytest.importorskip(path.stem)
    pytest.importorskip(path.stem.partition(".")[0])
    return importlib.import_module(path.stem)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_class_is_there_and_derives_from_what_is_said(path: Path) -> None:
    module = imported(path)
    wrong = []
    for name, ancestors in classes(path):
        real = getattr(module, name, None)
        if not inspect.isclass(real):
            wrong.append(f"{path.stem}.{name} is no class of the framework")
            continue
        for ancestor in ancestors - {canonical(f"{path.stem}.{name}")}:
            home, _, base = ancestor.rpartition(".")
            other = getattr(importlib.import_module(home), base, None)
            if not (inspect.isclass(other) and issubclass(real, other)):
                wrong.append(f"{path.stem}.{name} does not derive from {ancestor}")
    assert wrong == []


@pytest.mark.parametrize("name", COMPLETE)
def test_no_class_is_missing(name: str) -> None:
    path = STUBS / f"{name}.pyi"
    module = imported(path)
    file = read(path)
    assert file is not None
    told = set(file.scope_of(file.tree).bindings)
    there = {key for key, value in vars(module).items() if inspect.isclass(value)}
    assert {key for key in there - told if not key.startswith("_")} == set()
