"""XFR236: what is left of a zip that was read."""

from __future__ import annotations

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR236").page


def test_nothing_is_left_to_apply() -> None:
    with pytest.raises(ValueError, match="not enough values to unpack"):
        run(PAGE.bad[0])


def test_a_list_is_read_twice() -> None:
    assert int(run(PAGE.good[0])["optimizer"].iterations) == 1


def test_what_was_applied_is_silently_empty() -> None:
    v = tf.Variable(1.0)
    pairs = zip([tf.constant(1.0)], [v], strict=True)
    keras.optimizers.SGD(0.1).apply_gradients(pairs)
    assert list(pairs) == []
