"""XFR707: what predictions and labels of two passes over shuffled data have in common."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("tensorflow")
PAGE = rule("XFR707").page


def test_two_passes_do_not_belong_together() -> None:
    assert run(PAGE.bad[0])["accuracy"] == pytest.approx(0.5, abs=0.2)
    assert run(PAGE.good[0])["accuracy"] == 1


def test_a_cache_behind_the_shuffle_keeps_the_order() -> None:
    program = PAGE.bad[0].replace(".shuffle(256)", ".shuffle(256).cache()")
    assert run(program)["accuracy"] == 1
