"""XFR105: what Keras says of a class that never runs its base's `__init__`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import rule, run

pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR105").page
X = np.ones((2, 8), "float32")


def test_bad_raises_at_the_first_use() -> None:
    net = run(PAGE.bad[0])["Net"]()
    with pytest.raises(RuntimeError, match="forgot to call"):
        net(X)


def test_good_runs() -> None:
    assert run(PAGE.good[0])["Net"]()(X).shape == (2, 4)


def test_a_number_raises_too() -> None:
    class Scale(keras.layers.Layer):
        def __init__(self, factor: float) -> None:
            self.factor = factor

        def call(self, x: Any) -> Any:
            return x * self.factor

    layer = Scale(2.0)
    with pytest.raises(RuntimeError, match="forgot to call"):
        layer(X)
