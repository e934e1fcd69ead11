"""XFR522: a second LSTM behind one that returns its last step alone."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("keras")

PAGE = rule("XFR522").page


def test_bad_raises_when_built() -> None:
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=2"):
        run(PAGE.bad[0])["build"]()


def test_good_has_the_last_step_of_the_second() -> None:
    assert run(PAGE.good[0])["build"]().output_shape == (None, 8)
