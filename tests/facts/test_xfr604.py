"""XFR604: what `repeat` repeats."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
np = pytest.importorskip("numpy")

PAGE = rule("XFR604").page


def test_axis_zero_asks_for_no_tiles() -> None:
    bad, good = run(PAGE.bad[0]), run(PAGE.good[0])
    assert bad["y"].numel() == 0
    assert torch.isnan(bad["loss"])
    assert good["y"].shape == (6, 2)
    assert good["loss"] == 1


def test_tiles_and_repeats() -> None:
    assert torch.tensor([1, 2]).repeat(2).tolist() == [1, 2, 1, 2]
    assert np.repeat([1, 2], 2).tolist() == [1, 1, 2, 2]
    assert torch.tensor([1, 2]).repeat_interleave(2).tolist() == [1, 1, 2, 2]
