"""XFR411: how large the step is after the rate was set."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR411").page


def test_bad_steps_as_before() -> None:
    assert run(PAGE.bad[0])["moved"] == pytest.approx(0.1)


def test_good_steps_as_asked() -> None:
    assert run(PAGE.good[0])["moved"] == pytest.approx(0.001)


def test_the_loud_ones() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    with pytest.raises(AttributeError):
        optimizer.lr *= 0.1
    with pytest.raises(TypeError):
        optimizer.param_groups["lr"] = 0.1
