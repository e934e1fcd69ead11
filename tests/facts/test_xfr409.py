"""XFR409: what the frameworks say to classes in the place of objects."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR409").page


def test_optimizer() -> None:
    pytest.importorskip("keras")
    with pytest.raises(ValueError, match="Could not interpret optimizer"):
        run(PAGE.bad[0])
    assert run(PAGE.good[0])["model"].optimizer is not None


def test_keras_loss() -> None:
    keras = pytest.importorskip("keras")
    with pytest.raises(ValueError, match="ambiguous"):
        run(PAGE.bad[1])
    assert float(run(PAGE.good[1])["loss"]) == 1
    assert isinstance(keras.losses.BinaryCrossentropy([1.0], [0.5]), keras.losses.Loss)


def test_torch_loss() -> None:
    pytest.importorskip("torch")
    with pytest.raises(RuntimeError, match="Boolean value of Tensor"):
        run(PAGE.bad[2])
    assert float(run(PAGE.good[2])["loss"]) > 0


def test_callbacks_raise_and_loss_classes_do_not() -> None:
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    x, y = keras.ops.ones((4, 3)), keras.ops.ones((4, 1))
    model.compile("sgd", keras.losses.MeanSquaredError)
    model.fit(x, y, verbose=0)
    with pytest.raises(TypeError, match="set_model"):
        model.fit(x, y, verbose=0, callbacks=[keras.callbacks.EarlyStopping])
