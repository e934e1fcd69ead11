"""XFR702: which batches a shuffle mixes."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("tensorflow")
PAGE = rule("XFR702").page


def test_the_share_of_batches_that_hold_both_classes() -> None:
    assert [run(program)["mixed"] for program in PAGE.bad] == [0, 0]
    assert run(PAGE.good[0])["mixed"] == 1
