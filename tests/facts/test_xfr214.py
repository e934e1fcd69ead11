"""XFR214: an optimizer without a past."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
PAGE = rule("XFR214").page


def loss(program: str) -> float:
    torch.set_num_threads(1)
    return float(run(program)["loss"].detach())


def test_a_new_one_each_step_loses_its_momentum() -> None:
    kept, new = loss(PAGE.good[0]), loss(PAGE.bad[0])
    assert kept < 1e-4
    assert new == pytest.approx(0.045, rel=0.1)
    without = PAGE.good[0].replace(", momentum=0.9", "")
    assert new == pytest.approx(loss(without), rel=1e-6)
