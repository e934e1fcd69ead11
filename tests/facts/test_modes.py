"""Every entry of `modes.SWITCHES`, run in both modes: the table says what the frameworks do."""

from __future__ import annotations

from typing import Any

import pytest

from flake8_gradferry.model.modes import SWITCHES

# What a layer is made with where its switches are on: (arguments, keywords).
TORCH: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "Dropout": ((), {}),
    "Dropout1d": ((), {}),
    "Dropout2d": ((), {}),
    "Dropout3d": ((), {}),
    "AlphaDropout": ((), {}),
    "FeatureAlphaDropout": ((), {}),
    "BatchNorm1d": ((4,), {}),
    "BatchNorm2d": ((4,), {}),
    "BatchNorm3d": ((4,), {}),
    "LazyBatchNorm1d": ((), {}),
    "LazyBatchNorm2d": ((), {}),
    "LazyBatchNorm3d": ((), {}),
    "InstanceNorm1d": ((4,), {"track_running_stats": True}),
    "InstanceNorm2d": ((4,), {"track_running_stats": True}),
    "InstanceNorm3d": ((4,), {"track_running_stats": True}),
    "RReLU": ((), {}),
    "LSTM": ((4, 4, 2), {"dropout": 0.5}),
    "GRU": ((4, 4, 2), {"dropout": 0.5}),
    "RNN": ((4, 4, 2), {"dropout": 0.5}),
    "MultiheadAttention": ((4, 2, 0.5), {}),
    "TransformerEncoderLayer": ((4, 2), {}),
    "TransformerDecoderLayer": ((4, 2), {}),
    "Transformer": ((4, 2, 1, 1), {"batch_first": True}),
}
RANKS = {"1d": 3, "2d": 4, "3d": 5}


def switched_off(name: str) -> dict[str, float]:
    return {switch.keyword: 0.0 for switch in SWITCHES[name]}


def differs_in_torch(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    layer = getattr(torch.nn, name)(*args, **kwargs)
    rank = RANKS.get(name[-2:], 3)
    x = torch.randn(4, 4, *[4] * (rank - 2)) * 2 + 3
    inputs = (x,) * {"MultiheadAttention": 3, "TransformerDecoderLayer": 2, "Transformer": 2}.get(
        name, 1
    )

    def run() -> Any:
        out = layer(*inputs)
        return out[0] if isinstance(out, tuple) else out

    layer.train()
    run()
    torch.manual_seed(1)
    training = run()
    layer.eval()
    return not torch.allclose(training, run())


@pytest.mark.parametrize("name", TORCH)
def test_torch_layer_acts_in_training_only(name: str) -> None:
    args, kwargs = TORCH[name]
    assert differs_in_torch(name, args, kwargs)


@pytest.mark.parametrize("name", [n for n in TORCH if SWITCHES[f"torch.nn.{n}"]])
def test_torch_layer_switched_off_is_the_same(name: str) -> None:
    args, kwargs = TORCH[name]
    if name == "MultiheadAttention":
        args = args[:2]
    off = {k: type(kwargs.get(k, 0.0))(v) for k, v in switched_off(f"torch.nn.{name}").items()}
    if "track_running_stats" in off:
        off["track_running_stats"] = False
    assert not differs_in_torch(name, args, {**kwargs, **off})


def test_torch_table_is_covered() -> None:
    # A synchronized batch norm runs on an accelerator only.
    known = {name for name in SWITCHES if name.startswith("torch.")} - {"torch.nn.SyncBatchNorm"}
    assert {f"torch.nn.{name}" for name in TORCH} == known


# -- keras -----------------------------------------------------------------------------------------

KERAS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "Dropout": ((0.5,), {}),
    "SpatialDropout1D": ((0.5,), {}),
    "SpatialDropout2D": ((0.5,), {}),
    "SpatialDropout3D": ((0.5,), {}),
    "AlphaDropout": ((0.5,), {}),
    "GaussianDropout": ((0.5,), {}),
    "GaussianNoise": ((0.5,), {}),
    "BatchNormalization": ((), {}),
    "LSTM": ((3,), {"dropout": 0.5}),
    "GRU": ((3,), {"recurrent_dropout": 0.5}),
    "SimpleRNN": ((3,), {"dropout": 0.5}),
    "ConvLSTM1D": ((3, 2), {"dropout": 0.5}),
    "MultiHeadAttention": ((2, 3), {"dropout": 0.5}),
    "GroupQueryAttention": ((3, 2, 2), {"dropout": 0.5}),
    "Attention": ((), {"dropout": 0.5}),
    "AdditiveAttention": ((), {"dropout": 0.5}),
    "RandomBrightness": ((0.5,), {}),
    "RandomContrast": ((0.5,), {}),
    "RandomCrop": ((4, 4), {}),
    "RandomFlip": ((), {}),
    "RandomRotation": ((0.5,), {}),
    "RandomTranslation": ((0.5, 0.5), {}),
    "RandomZoom": ((0.5,), {}),
}
KERAS_RANKS = {"1D": 3, "2D": 4, "3D": 5}


def differs_in_keras(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    keras = pytest.importorskip("keras")
    np = pytest.importorskip("numpy")
    keras.utils.set_random_seed(0)
    layer = getattr(keras.layers, name)(*args, **kwargs)
    rank = KERAS_RANKS.get(name[-2:], 4 if name.startswith("Random") else 3)
    rank += name.startswith("ConvLSTM")
    x = np.random.default_rng(0).uniform(0.1, 1, (4, *[6] * (rank - 2), 3)).astype("float32")
    if name.startswith("Random"):
        x *= 200  # pixels
    inputs: tuple[Any, ...] = (x,)
    if name in ("MultiHeadAttention", "GroupQueryAttention"):
        inputs = (x, x)
    elif name.endswith("Attention"):
        inputs = ([x, x],)
    training = np.asarray(layer(*inputs, training=True))
    evaluation = np.asarray(layer(*inputs, training=False))
    return training.shape != evaluation.shape or not np.allclose(training, evaluation)


@pytest.mark.parametrize("name", KERAS)
def test_keras_layer_acts_in_training_only(name: str) -> None:
    args, kwargs = KERAS[name]
    assert differs_in_keras(name, args, kwargs)


@pytest.mark.parametrize("name", [n for n in KERAS if SWITCHES[f"keras.layers.{n}"]])
def test_keras_layer_switched_off_is_the_same(name: str) -> None:
    args, kwargs = KERAS[name]
    off = switched_off(f"keras.layers.{name}")
    if "trainable" in off:
        assert not differs_in_keras(name, args, {"trainable": False})
    elif set(off) & {"rate", "stddev"}:
        assert not differs_in_keras(name, (0.0,), kwargs)
    else:
        assert not differs_in_keras(name, args, {**kwargs, **off})
