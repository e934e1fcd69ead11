"""XFR102: what Keras says of a model with `forward` only."""

from __future__ import annotations

import numpy as np
import pytest
from support import rule, run

pytest.importorskip("tensorflow")
pytest.importorskip("keras")

PAGE = rule("XFR102").page
X = np.ones((2, 8), "float32")


def test_bad_raises_at_the_first_use() -> None:
    net = run(PAGE.bad[0])["Net"]()
    with (
        pytest.warns(UserWarning, match="build"),
        pytest.raises(NotImplementedError, match="does not have a `call"),
    ):
        net(X)


def test_good_runs() -> None:
    assert run(PAGE.good[0])["Net"]()(X).shape == (2, 4)
