"""XFR415: the scheduler asks for its metric."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")

PAGE = rule("XFR415").page


def test_bad_raises() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'metrics'"):
        run(PAGE.bad[0])


def test_good_steps() -> None:
    assert run(PAGE.good[0])["scheduler"].best == 1.0
