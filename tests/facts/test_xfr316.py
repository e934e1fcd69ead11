"""XFR316: what `keras.backend` no longer has."""

from __future__ import annotations

import pytest
from support import rule, run

from flake8_gradferry.rules.mode.xfr316 import INSTEAD

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
np = pytest.importorskip("numpy")

PAGE = rule("XFR316").page


def test_bad_raises() -> None:
    with pytest.raises(AttributeError, match="set_learning_phase"):
        run(PAGE.bad[0])


def test_good_drops() -> None:
    assert (np.asarray(run(PAGE.good[0])["outputs"]) == 0).any()


def test_neither_spelling_has_any() -> None:
    for backend in (keras.backend, tf.keras.backend):
        assert not [name for name in INSTEAD if hasattr(backend, name)]
