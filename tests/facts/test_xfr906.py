"""XFR906: what becomes of a `training=` that was given in a functional graph."""

from __future__ import annotations

import pytest
from support import rule, run

keras = pytest.importorskip("keras")
np = pytest.importorskip("numpy")

PAGE = rule("XFR906").page


@pytest.mark.parametrize(("program", "share"), [(PAGE.bad[0], 0.0), (PAGE.good[0], 0.5)])
def test_dropout_in_predict(program: str, share: float) -> None:
    assert float(run(program)["zeros"]) == pytest.approx(share, abs=0.15)


@pytest.mark.parametrize("frozen", [False, True])
def test_batch_norm_that_was_told_to_rest(frozen: bool) -> None:
    norm = keras.layers.BatchNormalization(trainable=not frozen)
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(1)(norm(inputs, training=False)))
    model.compile("sgd", "mse")
    model.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0)
    assert bool(np.any(np.asarray(norm.moving_mean))) is not frozen
