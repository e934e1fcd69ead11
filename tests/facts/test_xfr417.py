"""XFR417: the pull of one number on a weight of 2, on either side."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
pytest.importorskip("keras")

PAGE = rule("XFR417").page


def test_bad_pulls_half_as_much() -> None:
    names = run(PAGE.bad[0])
    assert names["keras_gradient"] == pytest.approx(0.4)
    assert names["torch_gradient"] == pytest.approx(0.2)


def test_good_pulls_as_much() -> None:
    names = run(PAGE.good[0])
    assert names["torch_gradient"] == pytest.approx(names["keras_gradient"])
