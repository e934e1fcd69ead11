"""XFR213: what the tape knows of integers and steps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR213").page


def test_an_integer_variable_has_no_gradient() -> None:
    assert run(PAGE.bad[0])["g"] is None
    assert float(run(PAGE.bad[0].replace("(3)", "(3.0)"))["g"]) == 6.0


def test_accuracy_has_no_gradient() -> None:
    assert run(PAGE.bad[1])["gradients"] == [None, None]


def test_good_has() -> None:
    assert None not in run(PAGE.good[0])["gradients"]


@pytest.mark.parametrize(
    "through",
    [
        tf.round,
        tf.floor,
        tf.math.ceil,
        lambda v: tf.cast(tf.argmax(v), tf.float32),
        lambda v: tf.cast(tf.cast(v, tf.int32), tf.float32),
        lambda v: tf.cast(v > 1.0, tf.float32),
        lambda v: tf.cast(tf.greater(v, 1.0), tf.float32),
        lambda v: tf.one_hot(tf.cast(v, tf.int32), 3),
        keras.ops.round,
        lambda v: keras.ops.cast(keras.ops.argmax(v), "float32"),
        lambda v: tf.where(v > 1.0, 1.0, 0.0),
    ],
)
def test_what_has_no_slope(through: Callable[[object], object]) -> None:
    w = tf.Variable([2.0, 3.0])
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(through(w * 1.5))
    assert tape.gradient(value, w) is None


def test_torch_says_so() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(RuntimeError, match="floating point"):
        torch.tensor(3, requires_grad=True)
