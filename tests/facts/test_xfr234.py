"""XFR234: L-BFGS with and without a closure."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR234").page


def test_bad_raises() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'closure'"):
        run(PAGE.bad[0])


def test_good_learns() -> None:
    names = run(PAGE.good[0])
    assert names["closure"]().item() < names["first"]
