"""XFR117: what Keras 3 says of a name where the shape belongs."""

from __future__ import annotations

import numpy as np
import pytest
from support import rule, run

pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR117").page
X = np.ones((2, 3), "float32")


def test_bad_raises() -> None:
    with pytest.raises(ValueError, match="keyword argument"):
        run(PAGE.bad[0])["Linear"]()(X)


def test_good_runs() -> None:
    assert run(PAGE.good[0])["Linear"]()(X).shape == (2, 4)


def test_a_metric_and_add_variable_raise_too() -> None:
    class Total(keras.metrics.Metric):
        def __init__(self) -> None:
            super().__init__()
            self.total = self.add_weight("total", initializer="zeros")

    class Linear(keras.layers.Layer):
        def build(self, shape: tuple[int, ...]) -> None:
            self.add_variable("kernel", shape=[3, 4])

    with pytest.raises(ValueError, match="shape"):
        Total()
    with pytest.raises(TypeError, match="multiple values"):
        Linear().build((2, 3))
