"""XFR913: where a mask is lost on its way to an LSTM."""

from __future__ import annotations

import warnings

import pytest
from support import rule, run

keras = pytest.importorskip("keras")
np = pytest.importorskip("numpy")

PAGE = rule("XFR913").page


def difference(program: str) -> float:
    """How much the result changes when three pads are appended to a text."""
    keras.utils.set_random_seed(0)
    net = run(program)["net"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras 3 says that the layer destroys the mask
        short, long = net(np.array([[3, 1, 4]])), net(np.array([[3, 1, 4, 0, 0, 0]]))
    return float(abs(np.array(short) - np.array(long)).max())


def test_bad_depends_on_the_padding() -> None:
    assert difference(PAGE.bad[0]) > 1e-3


def test_good_does_not() -> None:
    assert difference(PAGE.good[0]) < 1e-6
