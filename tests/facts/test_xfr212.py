"""XFR212: what the tape knows of values that left TensorFlow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR212").page


def test_bad_has_no_gradient() -> None:
    assert run(PAGE.bad[0])["gradients"] == [None, None]


def test_a_term_through_numpy_trains_nothing() -> None:
    keras.utils.set_random_seed(0)
    bad = run(PAGE.bad[1])
    loss, gradient = float(bad["loss"]), bad["gradients"][0].numpy()
    keras.utils.set_random_seed(0)
    good = run(PAGE.good[0])
    assert float(good["loss"]) == pytest.approx(loss)  # what is printed is right
    keras.utils.set_random_seed(0)
    without = run(PAGE.bad[1].replace("10.0", "0.0"))["gradients"][0].numpy()
    np.testing.assert_allclose(gradient, without)
    assert abs(good["gradients"][0].numpy() - gradient).max() > 1


@pytest.mark.parametrize(
    ("through", "has_gradient"),
    [
        (lambda v: v.numpy(), False),
        (np.abs, False),
        (lambda v: float(tf.reduce_sum(v)), False),
        (tf.Variable, False),
        (keras.ops.convert_to_numpy, False),
        (lambda v: keras.metrics.Mean()(v), False),
        (lambda v: tf.numpy_function(np.abs, [v], tf.float32), False),
        (tf.constant, True),
        (tf.convert_to_tensor, True),
        (tf.sign, True),
        (tf.identity, True),
        (lambda v: np.ones((2,), "float32") * v, True),
    ],
)
def test_what_leaves_the_tape(through: Callable[[object], object], has_gradient: bool) -> None:
    w = tf.Variable([2.0, 3.0])
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(through(w * 1.5))
    assert (tape.gradient(value, w) is not None) == has_gradient


def test_predict_gives_values() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model.predict(tf.ones((1, 2)), verbose=0))
    assert tape.gradient(loss, model.trainable_variables) == [None, None]
