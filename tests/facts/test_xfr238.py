"""XFR238: what is learnt where the optimizer steps behind the loop over the batches."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR238").page


@pytest.mark.parametrize(("number", "framework"), [(0, "torch"), (1, "tensorflow")])
def test_bad_learns_little_where_good_learns(number: int, framework: str) -> None:
    pytest.importorskip(framework)
    bad, good = run(PAGE.bad[number])["loss_after"], run(PAGE.good[number])["loss_after"]
    assert good < 1e-4
    assert bad > 0.5
