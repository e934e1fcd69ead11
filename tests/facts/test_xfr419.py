"""XFR419: where the rate ends."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR419").page


def test_keras_ends_a_hundredfold_lower() -> None:
    pytest.importorskip("keras")
    assert run(PAGE.bad[0])["last"] == pytest.approx(1e-4)
    assert run(PAGE.good[0])["last"] == pytest.approx(1e-3)


def test_torch_rises() -> None:
    pytest.importorskip("torch")
    assert run(PAGE.bad[1])["last"] == pytest.approx(0.01)
    assert run(PAGE.good[1])["last"] == pytest.approx(1e-5)
