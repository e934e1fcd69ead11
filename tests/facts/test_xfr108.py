"""XFR108: what a layer made in `call` learns, and which Keras layers have weights to lose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import rule, run

from flake8_gradferry.model.layer_names import WEIGHTED

pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR108").page
X = np.random.default_rng(0).normal(size=(16, 8)).astype("float32")
Y = np.ones((16, 4), "float32")


def net(program: str, *, eagerly: bool = True) -> Any:
    keras.utils.set_random_seed(0)
    model = run(program)["Net"]()
    model.compile("adam", "mse", run_eagerly=eagerly)
    return model


def repeats_itself(model: Any) -> bool:
    return bool(np.array_equal(model(X), model(X)))


def test_bad_forgets_its_layers_at_each_call() -> None:
    model = net(PAGE.bad[0])
    assert not repeats_itself(model)
    with pytest.warns(UserWarning, match="does not have any trainable weights"):
        model.fit(X, Y, verbose=0)
    assert model.trainable_variables == []


def test_bad_raises_in_graph_mode() -> None:
    model = net(PAGE.bad[0], eagerly=False)
    with pytest.warns(UserWarning, match="weights"), pytest.raises(ValueError, match="singleton"):
        model.fit(X, Y, verbose=0)


def test_good_holds_its_layers() -> None:
    model = net(PAGE.good[0], eagerly=False)
    model.fit(X, Y, verbose=0)
    assert len(model.trainable_variables) == 4
    assert repeats_itself(model)


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "AdditiveAttention": (),
    "BatchNormalization": (),
    "EinsumDense": ("abc,cd->abd", (None, 3)),
    "Flatten": (),
    "GroupNormalization": (2,),
    "GroupQueryAttention": (2, 2, 1),
    "LayerNormalization": (),
    "PReLU": (),
    "RMSNormalization": (),
    "ReLU": (),
    "UnitNormalization": (),
    "DepthwiseConv1D": (3,),
    "DepthwiseConv2D": (3,),
    **dict.fromkeys(("Dense", "GRU", "LSTM", "SimpleRNN", "GRUCell", "LSTMCell"), (3,)),
    "SimpleRNNCell": (3,),
    **dict.fromkeys(("Dropout", "GaussianNoise"), (0.5,)),
}


def trains(name: str) -> bool:
    """Whether a Keras layer has weights to train once it is built."""
    layer = getattr(keras.layers, name)(*ARGUMENTS.get(name, (3, 3)))
    rank = {"1D": 2, "2D": 3, "3D": 4}.get(name.removesuffix("Transpose")[-2:], 2)
    rank = 1 if name.endswith("Cell") else rank + ("ConvLSTM" in name)
    shape = (2, *[4] * rank)
    if name == "AdditiveAttention":
        layer.build([shape, shape])
    elif "Attention" in name:
        layer.build(shape, shape)
    else:
        layer.build(shape)
    return bool(layer.trainable_weights)


@pytest.mark.parametrize("name", sorted(item.rpartition(".")[2] for item in WEIGHTED))
def test_weighted_layers_have_weights(name: str) -> None:
    assert trains(name)


@pytest.mark.parametrize(
    "name", ["Dropout", "Flatten", "ReLU", "UnitNormalization", "GaussianNoise"]
)
def test_others_have_none(name: str) -> None:
    assert not trains(name)
