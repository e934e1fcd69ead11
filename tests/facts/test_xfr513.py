"""XFR513: torch's axis numbers on channels-last images."""

from __future__ import annotations

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")
np = pytest.importorskip("numpy")

PAGE = rule("XFR513").page


def is_mean_of_channels(program: str) -> bool:
    names = run(program)
    assert tuple(names["features"].shape) == (2, 8)
    wanted = np.array(names["x"]).mean(axis=(1, 2))
    return bool(np.allclose(names["features"], wanted, atol=1e-6))


def test_bad_has_the_right_shape_and_the_means_of_rows() -> None:
    assert not is_mean_of_channels(PAGE.bad[0])


def test_good_has_one_mean_for_each_channel() -> None:
    assert is_mean_of_channels(PAGE.good[0])


def test_axis_1_stacks_images_below_each_other() -> None:
    x = tf.ones((2, 8, 8, 8))
    assert tuple(tf.concat([x, x], 1).shape) == (2, 16, 8, 8)
