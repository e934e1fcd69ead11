"""XFR122: the weights of a model that has not seen an input."""

from __future__ import annotations

import pytest
from support import rule, run

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
np = pytest.importorskip("numpy")

PAGE = rule("XFR122").page


def test_bad_has_nothing_to_apply() -> None:
    with pytest.raises(ValueError, match="not enough values to unpack"):
        run(PAGE.bad[0])


def test_good_has() -> None:
    assert len(run(PAGE.good[0])["weights"]) == 4


def test_what_is_empty_and_what_raises() -> None:
    model = keras.Sequential([keras.layers.Dense(1)])
    assert model.trainable_variables == model.weights == model.get_weights() == []
    for ask in (
        model.count_params,
        lambda: model.set_weights([np.ones((2, 1)), np.ones(1)]),
        lambda: model.load_weights("x.weights.h5"),
        lambda: model.save_weights("x.weights.h5"),
    ):
        with pytest.raises(ValueError, match=r"built|expecting 0 weights"):
            ask()
