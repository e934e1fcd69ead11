"""XFR224: what is left of four batches when only the fourth is applied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")
pytest.importorskip("keras")

PAGE = rule("XFR224").page


def update(program: str) -> Any:
    names = run(program)
    kernel = names["model"].trainable_variables[0].numpy()
    start = run(program.partition("x = ")[0])["model"].trainable_variables[0].numpy()
    return kernel - start, names


def whole_batch(names: dict[str, Any]) -> Any:
    """The update by all four batches at once, from the same start."""
    model = run(PAGE.good[0].partition("x = ")[0])["model"]
    x, y = tf.reshape(names["x"], (-1, 3)), tf.reshape(names["y"], (-1, 1))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    return -0.1 * tape.gradient(loss, model.trainable_variables)[0].numpy()


def test_bad_is_another_update() -> None:
    got, names = update(PAGE.bad[0])
    wanted = whole_batch(names)
    assert np.linalg.norm(got - wanted) / np.linalg.norm(wanted) == pytest.approx(0.67, abs=0.02)


def test_good_is_the_update_of_all_batches() -> None:
    got, names = update(PAGE.good[0])
    np.testing.assert_allclose(got, whole_batch(names), atol=1e-6)
