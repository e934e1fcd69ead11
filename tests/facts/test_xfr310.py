"""XFR310: what functional dropout does after `eval()`."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR310").page


def zeros(program: str) -> float:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return float((run(program)["y"] == 0).float().mean())


def test_bad_drops_half_of_the_outputs_in_evaluation() -> None:
    assert zeros(PAGE.bad[0]) == pytest.approx(0.5, abs=0.15)


def test_good_drops_none() -> None:
    assert zeros(PAGE.good[0]) == 0
