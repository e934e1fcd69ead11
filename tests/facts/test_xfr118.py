"""XFR118: what Keras' layers make of torch's arguments."""

from __future__ import annotations

import pytest
from support import rule, run

from flake8_gradferry.rules.model.xfr118 import _INSTEAD

keras = pytest.importorskip("keras")

PAGE = rule("XFR118").page


def test_conv_is_another_layer_and_relu_is_cut_off() -> None:
    names = run(PAGE.bad[0])
    assert (names["conv"].count_params(), tuple(names["y"].shape)) == (2307, (1, 17, 17, 3))
    assert float(names["cut"][0, 0, 0, 0]) == 1


def test_good_is_what_was_meant() -> None:
    names = run(PAGE.good[0])
    assert (names["conv"].count_params(), tuple(names["y"].shape)) == (448, (1, 62, 62, 16))
    assert float(names["cut"][0, 0, 0, 0]) == 5


def test_numbers_are_no_activation() -> None:
    with pytest.raises(ValueError, match="Could not interpret activation"):
        run(PAGE.bad[1])
    assert run(PAGE.good[1])["layer"].units == 4


def test_torchs_keywords_raise() -> None:
    with pytest.raises(ValueError, match="Unrecognized keyword arguments"):
        run(PAGE.bad[2])
    assert run(PAGE.good[2])["layer"].strides == (2, 2)


@pytest.mark.parametrize(
    ("layer", "arguments", "keywords"),
    [
        ("Conv2D", (16, 3), "in_channels stride dilation bias padding_mode inplace"),
        ("Dense", (4,), "in_features out_features bias"),
        ("LSTM", (4,), "input_size hidden_size num_layers batch_first bidirectional"),
        ("BatchNormalization", (), "num_features eps affine track_running_stats"),
        ("LayerNormalization", (), "normalized_shape eps elementwise_affine"),
        ("Dropout", (0.5,), "p inplace"),
        ("Softmax", (), "dim"),
        ("Embedding", (4, 2), "num_embeddings embedding_dim padding_idx"),
        ("MaxPooling2D", (2,), "kernel_size stride ceil_mode"),
        ("UpSampling2D", (), "scale_factor"),
        ("PReLU", (), "num_parameters"),
        ("MultiHeadAttention", (2, 4), "embed_dim batch_first"),
    ],
)
def test_keywords(layer: str, arguments: tuple[float, ...], keywords: str) -> None:
    for keyword in keywords.split():
        assert keyword in _INSTEAD
        with pytest.raises(ValueError, match=r"Unrecognized keyword|must be one of"):
            getattr(keras.layers, layer)(*arguments, **{keyword: 1})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: keras.layers.BatchNormalization(16), "out of range"),
        (lambda: keras.layers.LayerNormalization([8, 8, 16]), "out of range"),
        (lambda: keras.layers.LayerNormalization(1e-6), "Expected an int"),
        (lambda: keras.layers.GroupNormalization(4, 16), "out of range"),
        (lambda: keras.layers.MaxPooling2D(3, 2, 1), "calling MaxPooling2D"),
        (lambda: keras.layers.Conv2D(3, 3, padding=1), "no attribute 'lower'"),
        (lambda: keras.layers.Conv2D(3, 16, kernel_size=3), "multiple values"),  # type: ignore[misc]
    ],
)
def test_what_raises(make: object, message: str) -> None:
    with pytest.raises((IndexError, TypeError, AttributeError), match=message):
        make()(keras.ops.ones((1, 8, 8, 16)))  # type: ignore[operator]


def test_heads() -> None:
    assert keras.layers.MultiHeadAttention(512, 8).get_config()["num_heads"] == 512
