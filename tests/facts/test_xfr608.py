"""XFR608: how many pieces a split cuts."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR608").page


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="too many values"):
        run(PAGE.bad[0])
    assert run(PAGE.good[0])["q"].shape == (1, 4)
    assert len(torch.split(torch.arange(12), 3)) == 4
    assert len(torch.split(torch.arange(9), 3)) == 3


def test_tensorflow() -> None:
    tf = pytest.importorskip("tensorflow")
    with pytest.raises(ValueError, match="too many values"):
        run(PAGE.bad[1])
    assert run(PAGE.good[1])["q"].shape == (1, 4)
    assert len(tf.split(tf.range(12), 3)) == 3
