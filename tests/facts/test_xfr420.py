"""XFR420: how far the running mean moves from batch to batch with the other side's momentum."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR420").page


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    assert run(PAGE.bad[0])["spread"] > 0.8
    assert run(PAGE.good[0])["spread"] < 0.3


def test_keras() -> None:
    pytest.importorskip("keras")
    assert run(PAGE.bad[1])["spread"] > 0.7
    assert run(PAGE.good[1])["spread"] < 0.3
