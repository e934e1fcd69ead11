"""XFR204: what Keras does with (variable, gradient) pairs."""

from __future__ import annotations

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")
pytest.importorskip("keras")

PAGE = rule("XFR204").page


def test_swapped_pairs_raise_and_name_neither() -> None:
    with pytest.raises(AttributeError, match="_unique_id"):
        run(PAGE.bad[0])


def test_good_moves_the_weights() -> None:
    names = run(PAGE.good[0])
    before = float(names["loss"])
    assert float(tf.reduce_mean(names["model"](names["x"]) ** 2)) < before
