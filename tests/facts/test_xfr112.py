"""XFR112: every entry of the tables of Keras' own attributes, assigned in a class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import rule, run

from flake8_gradferry.model.reserved import (
    KERAS_3,
    KERAS_LAYER,
    KERAS_LAYER_METHODS,
    KERAS_MODEL,
    KERAS_MODEL_METHODS,
)

pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR112").page
X = np.ones((2, 4), "float32")


def make(base: Any, name: str) -> Any:
    class Net(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            setattr(self, name, [1])

        def call(self, x: Any) -> Any:
            return x

    return Net()


def test_bad_raises() -> None:
    with pytest.raises(AttributeError, match="layers"):
        run(PAGE.bad[0])["Net"]()


def test_good_runs() -> None:
    assert run(PAGE.good[0])["Net"]()(X).shape == (2, 2)


@pytest.mark.parametrize("name", sorted(KERAS_LAYER | KERAS_3))
def test_a_layer_keeps(name: str) -> None:
    for base in (keras.layers.Layer, keras.Model):
        with pytest.raises(AttributeError):
            make(base, name)


@pytest.mark.parametrize("name", sorted(KERAS_MODEL))
def test_a_model_keeps(name: str) -> None:
    with pytest.raises(AttributeError):
        make(keras.Model, name)


@pytest.mark.parametrize("name", sorted(KERAS_LAYER_METHODS))
def test_a_layer_calls(name: str) -> None:
    for base in (keras.layers.Layer, keras.Model):
        with pytest.raises(TypeError):
            make(base, name)(X)


def use(name: str, path: Any) -> None:
    """Everything that people do with a model."""

    class Net(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.out = keras.layers.Dense(4)
            setattr(self, name, [1])

        def call(self, x: Any) -> Any:
            return self.out(x)

    net = Net()
    net.compile("sgd", "mse", metrics=["mae"])
    net.fit(X, X, verbose=0)
    net.evaluate(X, X, verbose=0)
    net.predict(X, verbose=0)
    net.summary(print_fn=lambda *_, **__: None)
    net.save(path)


@pytest.mark.parametrize("name", sorted(KERAS_MODEL_METHODS))
def test_a_model_calls(name: str, tmp_path: Any) -> None:
    with pytest.raises(TypeError, match="not callable"):
        use(name, tmp_path / "m.keras")


def test_a_free_name_is_no_trouble(tmp_path: Any) -> None:
    use("blocks", tmp_path / "m.keras")


@pytest.mark.parametrize(
    "name", ["name", "trainable", "built", "supports_masking", "loss", "optimizer", "state"]
)
def test_others_are_free(name: str) -> None:
    value = {"name": "net", "loss": "mse"}.get(name, True)
    net = make(keras.Model, "blocks")
    setattr(net, name, value)
    assert getattr(net, name) == value
