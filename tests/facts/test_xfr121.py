"""XFR121: an activation given as bias is a bias."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR121").page


def test_bad_has_a_bias_and_no_activation() -> None:
    torch.set_num_threads(1)
    names = run(PAGE.bad[0])
    assert names["layer"].bias is not None
    assert float(names["negative"]) == pytest.approx(0.67, abs=0.05)


def test_good_has_both() -> None:
    names = run(PAGE.good[0])
    assert names["layer"][0].bias is not None
    assert float(names["negative"]) == 0
