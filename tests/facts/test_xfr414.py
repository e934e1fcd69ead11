"""XFR414: the rate under a scheduler that nobody steps."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR414").page


def test_bad_keeps_the_rate() -> None:
    assert run(PAGE.bad[0])["rates"] == [0.1, 0.1, 0.1]


def test_good_lowers_it() -> None:
    assert run(PAGE.good[0])["rates"] == pytest.approx([0.1, 0.01, 0.001])
