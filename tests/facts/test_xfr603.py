"""XFR603: TensorFlow's tensors do not change."""

from __future__ import annotations

import pytest
from support import rule, run

from flake8_gradferry.rules.tensors.xfr603 import VERBS

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")
np = pytest.importorskip("numpy")

PAGE = rule("XFR603").page


def test_bad_raises() -> None:
    with pytest.raises(TypeError, match="does not support item assignment"):
        run(PAGE.bad[0])
    without = PAGE.bad[0].replace("mask[0, 0] = 0.0", "pass")
    with pytest.raises(AttributeError, match="no attribute 'mul_'"):
        run(without)


def test_good_changes_one_item() -> None:
    names = run(PAGE.good[0])
    assert float(tf.reduce_sum(names["mask"])) == 15
    assert np.array_equal(names["weight"], [0.5] * 3)


def test_nothing_of_tensorflow_takes_items() -> None:
    for thing in (tf.ones(2), tf.Variable([1.0, 2.0]), keras.Input((2,))):
        with pytest.raises(TypeError, match="does not support item assignment"):
            thing[0] = 1.0
        assert not [verb for verb in VERBS if hasattr(thing, verb)]
