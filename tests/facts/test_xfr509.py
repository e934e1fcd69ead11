"""XFR509: which functions know which keyword."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest
from support import rule, run

from flake8_gradferry.rules.layout.xfr509 import _IN_TENSORFLOW, TENSORFLOW, TORCH

PAGE = rule("XFR509").page


def found(name: str) -> Any:
    module, _, last = name.rpartition(".")
    head, *rest = module.split(".")
    value = importlib.import_module(head)
    for part in rest:
        value = getattr(value, part)
    return getattr(value, last)


def test_torch() -> None:
    pytest.importorskip("torch")
    with pytest.raises(TypeError, match="unexpected keyword argument 'axis'"):
        run(PAGE.bad[0])
    assert float(run(PAGE.good[0])["y"].sum()) == pytest.approx(2)


def test_tensorflow() -> None:
    pytest.importorskip("tensorflow")
    with pytest.raises(TypeError, match="unexpected keyword argument 'dim'"):
        run(PAGE.bad[1])
    assert run(PAGE.good[1])["y"].numpy().tolist() == [3, 3]


# `split` and `norm` are the ones whose first argument list decides; all take these.
ARGUMENTS = {"torch.split": (2,), "torch.roll": (1,), "torch.flip": ()}


@pytest.mark.parametrize("name", TORCH)
def test_torch_functions_raise_and_take_what_is_said(name: str) -> None:
    torch = pytest.importorskip("torch")
    x = torch.ones(2, 4)
    given = ARGUMENTS.get(name, ())
    for wrong, right in TORCH[name].items():
        with pytest.raises(TypeError):
            found(name)(x, *given, **{wrong: 1})
        found(name)(x, *given, **{right: [1] if name == "torch.flip" else 1})


@pytest.mark.parametrize("name", TENSORFLOW)
def test_no_function_of_tensorflow_knows_torchs_names(name: str) -> None:
    pytest.importorskip("tensorflow")
    function = found(name)
    assert set(inspect.signature(function).parameters).isdisjoint(_IN_TENSORFLOW)
    for wrong in _IN_TENSORFLOW:
        with pytest.raises(TypeError):
            function([[1.0, 2.0]], **{wrong: 1})
