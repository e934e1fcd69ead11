"""XFR602: which methods TensorFlow's tensors have."""

from __future__ import annotations

import pytest
from support import rule, run

from flake8_gradferry.rules.tensors.xfr602 import INSTEAD, NUMPY_LIKE, SYMBOLIC

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR602").page


def test_bad_raises() -> None:
    with pytest.raises(AttributeError, match="no attribute 'view'"):
        run(PAGE.bad[0])


def test_good_runs() -> None:
    assert run(PAGE.good[0])["y"].shape == (2, 3)


@pytest.mark.parametrize("verb", sorted({**INSTEAD, **NUMPY_LIKE}))
def test_tensors_and_variables_do_not_have_it(verb: str) -> None:
    assert not hasattr(tf.ones(2), verb)
    assert not hasattr(tf.Variable(1.0), verb)
    if verb not in SYMBOLIC:
        assert not hasattr(keras.Input((2,)), verb)
