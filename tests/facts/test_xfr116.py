"""XFR116: what Keras 3 does with a `tf.Variable` among a layer's attributes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import rule, run

pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR116").page
X = np.ones((4, 4), "float32")


def trained(program: str) -> Any:
    keras.utils.set_random_seed(0)
    layer = run(program)["Scale"]()
    model = keras.Sequential([keras.layers.Dense(4), layer])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(X, 3 * X, epochs=5, verbose=0)
    return layer


def test_bad_never_moves() -> None:
    layer = trained(PAGE.bad[0])
    assert float(layer.scale) == 1.0
    assert layer.weights == []


def test_good_moves() -> None:
    layer = trained(PAGE.good[0])
    assert abs(float(layer.scale) - 1.0) > 0.01
    assert len(layer.weights) == 1
