"""XFR220: what a loss that was made a new leaf teaches."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR220").page


def test_bad_gives_no_weight_a_gradient() -> None:
    names = run(PAGE.bad[0])
    assert names["model"].weight.grad is None
    assert set(names["losses"]) == {names["losses"][0]}


def test_good_learns() -> None:
    losses = run(PAGE.good[0])["losses"]
    assert losses[-1] < 0.6 * losses[0]
