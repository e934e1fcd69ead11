"""XFR225: the gradient of a loss per sample."""

from __future__ import annotations

import math

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR225").page


def test_bad_blows_up() -> None:
    loss = run(PAGE.bad[0])["loss"]
    assert loss.shape == (256,)
    assert not math.isfinite(float(tf.reduce_mean(loss))) or float(tf.reduce_mean(loss)) > 1e6


def test_good_learns() -> None:
    assert float(run(PAGE.good[0])["loss"]) == pytest.approx(0.110, abs=0.01)


def test_the_gradient_is_the_sum() -> None:
    w = tf.Variable(2.0)
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape(persistent=True) as tape:
        vector = (w * x) ** 2
        mean = tf.reduce_mean(vector)
    assert float(tape.gradient(vector, w)) == pytest.approx(3 * float(tape.gradient(mean, w)))


def test_one_axis_gives_one_number() -> None:
    assert keras.losses.mean_squared_error(tf.ones(4), tf.zeros(4)).shape == ()


def test_torch_refuses() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar"):
        torch.ones(3, requires_grad=True).backward()
