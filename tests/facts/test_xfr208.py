"""XFR208: what a batch loop learns whose gradients are cleared once an epoch."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR208").page


def test_bad_grows_where_good_learns() -> None:
    bad, good = run(PAGE.bad[0])["losses"], run(PAGE.good[0])["losses"]
    assert bad[0] == good[0]
    assert good[-1] < 0.01 * good[0]
    assert max(bad) > 10 * bad[0]
