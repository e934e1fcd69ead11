"""XFR911: which weights early stopping leaves."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("keras")
PAGE = rule("XFR911").page


def test_the_last_weights_are_kept_unless_the_best_are_restored() -> None:
    bad, good = run(PAGE.bad[0]), run(PAGE.good[0])
    best = min(bad["fit"].history["val_loss"])
    assert min(good["fit"].history["val_loss"]) == pytest.approx(best)
    assert good["kept"] == pytest.approx(best, rel=1e-3)
    assert bad["kept"] == pytest.approx(bad["fit"].history["val_loss"][-1], rel=1e-3)
    assert bad["kept"] > 1.2 * best
