"""XFR111: what `call` by name leaves out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import rule, run

pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR111").page


def zeros(program: str) -> float:
    keras.utils.set_random_seed(0)
    return float(np.mean(np.asarray(run(program)["y"]) == 0))


def test_bad_never_drops_and_is_not_built(tmp_path: Path) -> None:
    assert zeros(PAGE.bad[0]) == 0.0
    net = run(PAGE.bad[0])["net"]
    assert not net.built
    with pytest.raises(ValueError, match="not yet been built"):
        net.save_weights(tmp_path / "w.weights.h5")


def test_good_drops_half_and_is_built(tmp_path: Path) -> None:
    assert zeros(PAGE.good[0]) == pytest.approx(0.5, abs=0.2)
    net = run(PAGE.good[0])["net"]
    net.save_weights(tmp_path / "w.weights.h5")


def test_a_layer_that_is_not_built_raises() -> None:
    with pytest.raises(AttributeError, match="build the layer"):
        keras.layers.Dense(4).call(keras.ops.ones((2, 8)))
