"""XFR211: the gradient by a tensor that is not watched."""

from __future__ import annotations

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")

PAGE = rule("XFR211").page


@pytest.mark.parametrize("program", PAGE.bad)
def test_gradient_is_none(program: str) -> None:
    assert run(program)["gradient"] is None


def test_good_has_it() -> None:
    assert float(run(PAGE.good[0])["gradient"]) == 6.0


def test_tensors_of_a_dataset_are_not_watched() -> None:
    for x in tf.data.Dataset.from_tensor_slices([1.0, 2.0]):
        with tf.GradientTape() as tape:
            y = x * x
        assert tape.gradient(y, x) is None
