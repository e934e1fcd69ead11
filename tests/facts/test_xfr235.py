"""XFR235: what a loop without `step()` learns."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR235").page


def test_bad_never_moves_where_good_learns() -> None:
    bad, good = run(PAGE.bad[0])["losses"], run(PAGE.good[0])["losses"]
    assert bad[0] == good[0]
    assert set(bad) == {bad[0]}
    assert good[-1] < 0.9 * good[0]
