"""XFR406: what a doubled and what a missing sigmoid do."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
PAGE = rule("XFR406").page


def test_a_doubled_sigmoid_stays_above_the_floor_that_good_passes() -> None:
    target = torch.tensor([0.0, 1.0])
    floor = torch.nn.functional.binary_cross_entropy_with_logits(target, target).item()
    assert floor == pytest.approx(0.503, abs=1e-3)
    assert run(PAGE.bad[0])["loss"].item() > floor
    assert run(PAGE.good[0])["loss"].item() < 0.25 * floor


def test_logits_in_bce_raise() -> None:
    with pytest.raises(RuntimeError, match="should be between 0 and 1"):
        run(PAGE.bad[1])
    assert run(PAGE.good[1])["loss"].item() < 0.15
