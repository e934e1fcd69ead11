"""XFR226: what a regulariser does in a step by hand."""

from __future__ import annotations

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR226").page


def norm(program: str) -> float:
    return float(tf.norm(run(program)["model"].trainable_variables[0]))


def test_regulariser_does_nothing() -> None:
    bad = norm(PAGE.bad[0])
    assert bad == pytest.approx(norm(PAGE.bad[0].replace(", kernel_regularizer=l2", "")), rel=1e-5)
    assert bad == pytest.approx(2.0, abs=0.01)


def test_good_shrinks_the_weights() -> None:
    assert norm(PAGE.good[0]) == pytest.approx(1.78, abs=0.02)


def test_add_loss_lands_in_losses_too() -> None:
    class Sparse(keras.layers.Layer):
        def call(self, x: object) -> object:
            self.add_loss(tf.reduce_mean(tf.abs(x)))
            return x

    model = keras.Sequential([keras.Input((2,)), Sparse()])
    model(tf.ones((1, 2)))
    assert [float(loss) for loss in model.losses] == [1.0]
