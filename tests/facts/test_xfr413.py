"""XFR413: which rates the steps use."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR413").page


def test_bad_skips_the_first_rate() -> None:
    with pytest.warns(UserWarning, match="lr_scheduler.step"):
        assert run(PAGE.bad[0])["rates"] == [0.5, 0.25, 0.125]


def test_good_uses_all_of_them() -> None:
    assert run(PAGE.good[0])["rates"] == [1.0, 0.5, 0.25]
