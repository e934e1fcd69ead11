"""XFR101: what happens to a Keras model that overrides `__call__`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import rule, run

keras = pytest.importorskip("keras")
np = pytest.importorskip("numpy")

PAGE = rule("XFR101").page
X = np.ones((8, 3), "float32")


def acts_in_training(net: Any) -> bool:
    keras.utils.set_random_seed(0)
    return not np.allclose(net(X, training=True), net(X, training=False))


def reloaded_is_equal(net: Any, make: Any, path: Path) -> bool:
    net.save_weights(path)
    copy = make()
    copy(X)
    copy.load_weights(path)
    return np.allclose(net(X), copy(X))


def test_bad_never_trains_in_training_mode_and_does_not_save(tmp_path: Path) -> None:
    net = run(PAGE.bad[0])["Net"]()
    assert not acts_in_training(net)
    assert not net.built
    with pytest.raises(ValueError, match=r"not yet been built"):
        net.save_weights(tmp_path / "w.weights.h5")


def test_good_does_both(tmp_path: Path) -> None:
    make = run(PAGE.good[0])["Net"]
    net = make()
    assert acts_in_training(net)
    assert net.built
    assert reloaded_is_equal(net, make, tmp_path / "w.weights.h5")
