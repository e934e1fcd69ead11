"""XFR426: what a momentum in the place of eps does to the outputs."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR426").page


def test_bad_normalises_to_half_and_keeps_torchs_momentum() -> None:
    names = run(PAGE.bad[0])
    assert (names["norm"].eps, names["norm"].momentum) == (0.8, 0.1)
    assert float(names["y"].detach().std()) == pytest.approx(0.49, abs=0.02)


def test_good_normalises_to_one() -> None:
    names = run(PAGE.good[0])
    assert (names["norm"].eps, names["norm"].momentum) == (1e-5, 0.2)
    assert float(names["y"].detach().std()) == pytest.approx(1.0, abs=0.02)
