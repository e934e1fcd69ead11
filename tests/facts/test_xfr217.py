"""XFR217: one Keras 3 optimizer and two models."""

from __future__ import annotations

import pytest
from support import rule, run

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
np = pytest.importorskip("numpy")

PAGE = rule("XFR217").page


def test_bad_raises_at_the_second() -> None:
    with pytest.raises(ValueError, match="Unknown variable"):
        run(PAGE.bad[0])


def test_good_trains_both() -> None:
    names = run(PAGE.good[0])
    assert [int(optimizer.iterations) for optimizer in names["optimizers"]] == [1, 1]


def test_compiled_twice_raises_too() -> None:
    optimizer = keras.optimizers.SGD(0.1)
    x, y = np.ones((4, 2)), np.ones((4, 1))
    models = [keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]) for _ in range(2)]
    for model in models:
        model.compile(optimizer, "mse")
    models[0].fit(x, y, verbose=0)
    with pytest.raises(ValueError, match="can only be called for the variables"):
        models[1].fit(x, y, verbose=0)


def test_built_for_all_it_steps_both() -> None:
    build = "optimizer.build(first.trainable_variables + second.trainable_variables)\nfor model in"
    names = run(PAGE.bad[0].replace("for model in", build))
    assert int(names["optimizer"].iterations) == 2
