"""XFR418: the rate after the first of four epochs."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR418").page


@pytest.mark.parametrize(("number", "framework"), [(0, "keras"), (1, "torch")])
def test_the_schedule_is_over_after_one_epoch(number: int, framework: str) -> None:
    pytest.importorskip(framework)
    assert run(PAGE.bad[number])["after_one_epoch"] == pytest.approx(0, abs=1e-8)
    assert run(PAGE.good[number])["after_one_epoch"] == pytest.approx(0.0854, abs=1e-3)
