"""What the stubs say of the frameworks' classes is what the installed frameworks say."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flake8_gradferry.source.arguments import signature_of
from flake8_gradferry.source.infer import lineage
from flake8_gradferry.source.names import canonical
from flake8_gradferry.source.project import STUBS, Symbol, read

FILES = sorted(STUBS.glob("*.pyi"))
# Classes that Keras' layers, models and optimizers are told apart by.
COMPLETE = ("keras.layers", "keras.losses", "keras.optimizers", "torch.optim")


def classes(path: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """The stub's classes with the canonical names of all they derive from."""
    file = read(path)
    assert file is not None
    for node in file.index[ast.ClassDef]:
        yield node.name, lineage(file, node).names


def imported(path: Path) -> Any:
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


# Recurrent layers pass `*args` on; what they take stands in the documentation and in `RNNBase`.
PASSED_ON = {"torch.nn.GRU", "torch.nn.LSTM", "torch.nn.RNN"}
BARE = ("(self)", "(self, *args, **kwargs)", "(self, /, *args, **kwargs)")


def shape(signature: inspect.Signature) -> list[tuple[str, object, object]]:
    """Names, kinds and defaults of the parameters; a default that is no literal is `...`."""
    found = []
    for parameter in signature.parameters.values():
        default = parameter.default
        try:
            default = ast.literal_eval(repr(default))
        except (SyntaxError, ValueError):
            default = default if default is inspect.Parameter.empty else ...
        found.append((parameter.name, parameter.kind, default))
    return found


def told(cls: ast.ClassDef, path: Path) -> inspect.Signature | None:
    file = read(path)
    assert file is not None
    arguments = signature_of(Symbol(file, cls))
    if arguments is None:
        return None
    return inspect.signature(eval(f"lambda {ast.unparse(arguments)}: None"))


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if "def __init__" in path.read_text(encoding="utf-8")],
    ids=lambda path: path.stem,
)
def test_each_class_is_made_with_what_is_said(path: Path) -> None:
    module = imported(path)
    file = read(path)
    assert file is not None
    wrong = []
    for cls in file.index[ast.ClassDef]:
        if f"{path.stem}.{cls.name}" in PASSED_ON:
            continue
        real = inspect.signature(getattr(module, cls.name).__init__)
        bare = inspect.Signature([p.replace(annotation=p.empty) for p in real.parameters.values()])
        said = told(cls, path)
        if shape(said) != shape(bare) if said else str(bare) not in BARE:
            wrong.append(f"class {cls.name}: def __init__{bare}")
    assert wrong == []


@pytest.mark.parametrize("name", sorted(PASSED_ON))
def test_recurrent_layers_take_what_is_said(name: str) -> None:
    torch = pytest.importorskip("torch")
    cls = name.rpartition(".")[2]
    path = STUBS / "torch.nn.pyi"
    signature = told(next(c for c in read(path).index[ast.ClassDef] if c.name == cls), path)  # type: ignore[union-attr]
    assert signature is not None
    values: dict[str, Any] = {"input_size": 3, "hidden_size": 5, "num_layers": 2, "bias": False}
    values |= {"nonlinearity": "relu", "batch_first": True, "dropout": 0.25, "bidirectional": True}
    values |= {"proj_size": 2, "device": None, "dtype": torch.float64}
    parameters = list(signature.parameters.values())[1:]
    by_position = [values[p.name] for p in parameters if p.kind is not p.KEYWORD_ONLY]
    by_keyword = {p.name: values[p.name] for p in parameters if p.kind is p.KEYWORD_ONLY}
    layer = getattr(torch.nn, cls)(*by_position, **by_keyword)
    names = [p.name for p in parameters if p.name not in ("device", "dtype")]
    assert {n: getattr(layer, n) for n in names} == {n: values[n] for n in names}
    assert layer.weight_ih_l0.dtype is torch.float64
