"""XFR232: what Keras 3 optimizers no longer have."""

from __future__ import annotations

import pytest
from support import rule, run

from flake8_gradferry.rules.loop.xfr232 import INSTEAD

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")

PAGE = rule("XFR232").page


def test_bad_raises() -> None:
    with pytest.raises(AttributeError, match="no attribute 'minimize'"):
        run(PAGE.bad[0])


def test_good_steps() -> None:
    assert float(run(PAGE.good[0])["weight"]) == pytest.approx(0.8)


def test_none_has_any() -> None:
    for optimizer in (keras.optimizers.SGD(), keras.optimizers.Adam()):
        assert not [verb for verb in INSTEAD if hasattr(optimizer, verb)]
