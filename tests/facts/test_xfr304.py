"""XFR304: what an evaluation with `training=True` gives."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("keras")
np = pytest.importorskip("numpy")

PAGE = rule("XFR304").page


def test_accuracy_and_statistics() -> None:
    bad, good = run(PAGE.bad[0]), run(PAGE.good[0])
    assert good["accuracy"] > 0.95
    assert bad["accuracy"] < good["accuracy"] - 0.1
    before = np.asarray(bad["norm"].moving_mean)
    bad["evaluate"](bad["x"] + 5, bad["y"])
    assert not np.allclose(before, bad["norm"].moving_mean)
