"""XFR909: what a column against a vector learns."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR909").page


@pytest.mark.filterwarnings("ignore:Using a target size:UserWarning")
def test_torch_learns_the_mean_alone() -> None:
    pytest.importorskip("torch")
    bad, good = run(PAGE.bad[0]), run(PAGE.good[0])
    assert bad["loss"].item() == pytest.approx(bad["y"].var(unbiased=False).item(), rel=1e-2)
    assert good["loss"].item() < 1e-3


def test_tensorflow_says_nothing_and_keras_puts_it_right() -> None:
    tf, keras = pytest.importorskip("tensorflow"), pytest.importorskip("keras")
    y = tf.constant([1.0, 2.0, 3.0])
    column = tf.reshape(y, (3, 1))
    assert (column - y).shape == (3, 3)
    assert float(keras.losses.MeanSquaredError()(y, column)) == 0
