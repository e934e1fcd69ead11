"""XFR308: what a Keras model lacks that a torch module has."""

from __future__ import annotations

import pytest
from support import rule, run

from flake8_gradferry.rules.mode.xfr308 import INSTEAD

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
np = pytest.importorskip("numpy")

PAGE = rule("XFR308").page


def test_bad_raises() -> None:
    with pytest.raises(AttributeError, match="no attribute 'train'"):
        run(PAGE.bad[0])


def test_good_acts_in_training_alone() -> None:
    names = run(PAGE.good[0])
    assert not np.array_equal(names["trained"], names["evaluated"])
    assert names["count"] == 20


def test_models_and_layers_have_none_of_them() -> None:
    for thing in (keras.Sequential([keras.Input((2,))]), keras.layers.Dense(1), keras.Model()):
        assert not [verb for verb in INSTEAD if hasattr(thing, verb)]
