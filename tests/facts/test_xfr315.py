"""XFR315: what becomes of weights that were frozen in the other framework's words."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR315").page


def test_torch_parameters_stay_trainable() -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    bad, good = run(PAGE.bad[0]), run(PAGE.good[0])
    assert bad["moved"]
    assert all(parameter.requires_grad for parameter in bad["backbone"].parameters())
    assert not good["moved"]


@pytest.mark.parametrize("setting", ["requires_grad", "trainable"])
def test_a_module_takes_any_attribute(setting: str) -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Linear(2, 2)
    setattr(module, setting, False)
    assert module.weight.requires_grad


def test_keras_weights_stay_trainable() -> None:
    pytest.importorskip("keras")
    assert run(PAGE.bad[1])["left"] == 2
    assert run(PAGE.good[1])["left"] == 0
