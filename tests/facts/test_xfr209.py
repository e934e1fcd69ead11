"""XFR209: what a tape knows of what ran outside its block."""

from __future__ import annotations

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR209").page


@pytest.mark.parametrize("program", PAGE.bad)
def test_no_weight_has_a_gradient(program: str) -> None:
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        run(program)


def test_good_has_a_gradient_for_each_weight() -> None:
    names = run(PAGE.good[0])
    assert all(float(tf.norm(gradient)) > 0 for gradient in names["gradients"])


def test_a_term_outside_adds_nothing() -> None:
    w = tf.Variable(3.0)
    outside = w * w
    with tf.GradientTape() as tape:
        loss = w * 2.0 + outside
    assert float(tape.gradient(loss, w)) == 2.0
    with tf.GradientTape() as tape:
        loss = w * 2.0 + w * w
    assert float(tape.gradient(loss, w)) == 8.0
