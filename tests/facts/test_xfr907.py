"""XFR907: what a convolution makes of channels-first images."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("keras")

PAGE = rule("XFR907").page


def weights(program: str) -> int:
    count: int = run(program)["net"].count_params()
    return count


def test_bad_takes_the_columns_for_channels() -> None:
    assert weights(PAGE.bad[0]) == 4794


def test_good_has_the_weights_that_are_meant() -> None:
    assert weights(PAGE.good[0]) == 618
