"""XFR510: what a norm of channels-first images normalises."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("keras")

PAGE = rule("XFR510").page


def entries(program: str) -> tuple[int, ...]:
    return tuple(run(program)["norm"].gamma.shape)


def test_bad_has_an_entry_for_each_column() -> None:
    assert entries(PAGE.bad[0]) == (6,)


def test_good_has_one_for_each_channel() -> None:
    assert entries(PAGE.good[0]) == (4,)
