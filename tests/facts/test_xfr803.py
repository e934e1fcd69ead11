"""XFR803: what a missing line of the GradScaler protocol does."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
PAGE = rule("XFR803").page


def test_clipping_scaled_gradients_stops_learning() -> None:
    bad, good = run(PAGE.bad[0])["losses"], run(PAGE.good[0])["losses"]
    assert bad[0] == good[0]
    assert bad[-1] > 0.999 * bad[0]
    assert good[-1] < 0.6 * good[0]


def test_a_plain_step_goes_thousands_too_far() -> None:
    names = run(PAGE.bad[1].replace("range(10)", "range(1)"))
    assert names["model"].weight.abs().max() > 1000


def test_without_update_the_second_step_raises() -> None:
    with pytest.raises(RuntimeError, match="already been called since the last update"):
        run(PAGE.bad[2])
