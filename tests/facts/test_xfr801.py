"""XFR801: what a traced function may make."""

from __future__ import annotations

import pytest
from support import rule, run

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

PAGE = rule("XFR801").page
ONCE = "tf.function only supports singleton tf.Variables"


def test_bad_raises() -> None:
    with pytest.raises(ValueError, match=ONCE):
        run(PAGE.bad[0])


def test_good_steps() -> None:
    names = run(PAGE.good[0])
    assert int(names["optimizer"].iterations) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda x: tf.Variable(x) + 1,
        lambda x: keras.layers.Dense(2)(x),
        lambda x: keras.layers.Dropout(0.5)(x, training=True),
        lambda x: keras.metrics.Mean()(x),
    ],
)
def test_whatever_has_variables_raises(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=ONCE):
        tf.function(make)(tf.ones((4, 2)))


def test_the_rest_does_not() -> None:
    step = tf.function(lambda x: keras.losses.MeanSquaredError()(x, keras.layers.Flatten()(x)))
    assert float(step(tf.ones((4, 2)))) == 0
