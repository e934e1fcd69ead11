"""XFR201: what Keras does with gradients that come without their variables."""

from __future__ import annotations

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR201").page


def test_gradients_alone_raise() -> None:
    with pytest.raises((AttributeError, ValueError), match=r"_unique_id|unpack"):
        run(PAGE.bad[0])


def test_two_arguments_raise() -> None:
    with pytest.raises(TypeError, match="takes 2 positional arguments but 3 were given"):
        run(PAGE.bad[1])


@pytest.mark.parametrize(
    "handed",
    ["(grads, weights)", "[grads, weights]", "zip(grads)", "zip([grads, weights])", "[grads[0]]"],
)
def test_other_spellings_raise(handed: str) -> None:
    program = PAGE.bad[0].replace("apply_gradients(grads)", f"apply_gradients({handed})")
    with pytest.raises((AttributeError, ValueError), match=r"_unique_id|unpack"):
        run(program, weights=[tf.Variable(1.0), tf.Variable(2.0)])


def test_good_moves_the_weights() -> None:
    names = run(PAGE.good[0])
    model, x = names["model"], names["x"]
    before = float(names["loss"])
    assert float(tf.reduce_mean(model(x) ** 2)) < before


def test_keras_3_apply_takes_the_two_side_by_side() -> None:
    program = PAGE.bad[1].replace("apply_gradients", "apply")
    names = run(program)
    assert int(names["optimizer"].iterations) == 1


def test_one_gradient_is_paired_by_hand() -> None:
    point = tf.Variable([[2.0]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(point**2)
    gradient = tape.gradient(loss, point)
    optimizer = keras.optimizers.SGD(0.5)
    with pytest.raises((AttributeError, TypeError, ValueError)):
        optimizer.apply_gradients(zip(gradient, point, strict=True))
    keras.optimizers.SGD(0.5).apply_gradients([(gradient, point)])
    assert float(point[0, 0]) == 0.0
