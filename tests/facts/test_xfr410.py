"""XFR410: what the frameworks say to each other's arguments."""

from __future__ import annotations

import pytest
from support import rule, run

from flake8_gradferry.rules.losses.xfr410 import _IN_KERAS, _IN_TORCH, _KERAS, _TORCH

PAGE = rule("XFR410").page


def test_keras_raises_on_lr() -> None:
    pytest.importorskip("keras")
    with pytest.raises(ValueError, match=r"not recognized: \{'lr': 0.01\}"):
        run(PAGE.bad[0])
    assert float(run(PAGE.good[0])["optimizer"].learning_rate) == pytest.approx(0.01)


def test_torch_raises_on_learning_rate() -> None:
    pytest.importorskip("torch")
    with pytest.raises(TypeError, match="unexpected keyword argument 'learning_rate'"):
        run(PAGE.bad[1])
    with pytest.raises(TypeError, match="'float' object is not iterable"):
        run(PAGE.bad[2])
    for program in PAGE.good[1:]:
        assert run(program)["optimizer"].param_groups[0]["lr"] == 0.01


def test_no_optimizer_of_keras_takes_torchs_names() -> None:
    keras = pytest.importorskip("keras")
    for name in _KERAS.split():
        for keyword in _IN_KERAS:
            cls = getattr(keras.optimizers, name)
            if keyword == "decay":
                with pytest.warns(UserWarning, match="no longer supported and will be ignored"):
                    cls(learning_rate=0.5, decay=0.1)
                continue
            with pytest.raises((ValueError, TypeError)):
                cls(**{keyword: 0.1})


def test_no_optimizer_of_torch_takes_keras_names() -> None:
    torch = pytest.importorskip("torch")
    weight = torch.nn.Parameter(torch.ones(2, 2))
    for name in _TORCH.split():
        for keyword in _IN_TORCH:
            if (name, keyword) == ("Adadelta", "rho"):
                continue
            with pytest.raises(TypeError, match=f"unexpected keyword argument '{keyword}'"):
                getattr(torch.optim, name)([weight], **{keyword: 0.1})


def test_betas() -> None:
    torch = pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    with pytest.raises(TypeError):
        torch.optim.Adam([torch.nn.Parameter(torch.ones(1))], 1e-3, 0.9, 0.999)
    optimizer = keras.optimizers.Adam(1e-3, (0.9, 0.999))
    with pytest.raises((TypeError, ValueError)):
        optimizer.apply([keras.ops.ones(1)], [keras.Variable([1.0])])
