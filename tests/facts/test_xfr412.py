"""XFR412: how large the step is after `lr` was set, and what reading it does."""

from __future__ import annotations

import pytest
from support import rule, run

keras = pytest.importorskip("keras")

PAGE = rule("XFR412").page


def test_bad_steps_as_before() -> None:
    assert run(PAGE.bad[0])["moved"] == pytest.approx(0.1)


def test_good_steps_as_asked() -> None:
    assert run(PAGE.good[0])["moved"] == pytest.approx(0.001)


def test_reading_raises_and_the_backend_cannot_set_it() -> None:
    optimizer = keras.optimizers.SGD(0.1)
    with pytest.raises(AttributeError, match="no attribute 'lr'"):
        print(optimizer.lr)
    assert not hasattr(keras.backend, "set_value")
    assert not hasattr(keras.backend, "get_value")
    tf = pytest.importorskip("tensorflow")
    with pytest.raises(AttributeError):
        tf.keras.backend.set_value(optimizer.learning_rate, 0.01)
    assert float(tf.keras.backend.get_value(optimizer.learning_rate)) == pytest.approx(0.1)
