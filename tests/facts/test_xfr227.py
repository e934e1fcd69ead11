"""XFR227: which gradients the step sees."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR227").page
CLIP = "    nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n"


def test_bad_steps_on_unclipped_gradients() -> None:
    names = run(PAGE.bad[0])
    assert min(names["used"]) > 100
    assert names["losses"][-1] > 1000 * names["losses"][0]


def test_good_steps_on_clipped_ones() -> None:
    names = run(PAGE.good[0])
    assert max(names["used"]) <= 1.001
    assert names["losses"][-1] < names["losses"][0]


def test_before_backward_there_is_nothing_to_clip() -> None:
    early = PAGE.good[0].replace(CLIP, "").replace("zero_grad()\n", "zero_grad()\n" + CLIP)
    assert min(run(early)["used"]) > 100
