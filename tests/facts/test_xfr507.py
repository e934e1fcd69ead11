"""XFR507: how `transpose` takes its axes in torch, TensorFlow and Keras."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR507").page


def test_bad_torch_raises() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match="must be int, not tuple"):
        run(PAGE.bad[0])
    x = torch.ones(4, 3, 2)
    with pytest.raises(TypeError, match="takes 2 positional arguments"):
        x.transpose(0, 2, 1)
    with pytest.raises(TypeError, match="takes 2 positional arguments"):
        torch.permute(x, 0, 2, 1)


def test_good_torch_moves_the_axes() -> None:
    pytest.importorskip("torch")
    assert tuple(run(PAGE.good[0])["y"].shape) == (4, 2, 3)


def test_bad_tensorflow_raises() -> None:
    tf = pytest.importorskip("tensorflow")
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(PAGE.bad[1])


def test_good_tensorflow_moves_the_axes() -> None:
    pytest.importorskip("tensorflow")
    assert tuple(run(PAGE.good[1])["y"].shape) == (4, 2, 3)


def test_keras_raises_as_well() -> None:
    keras = pytest.importorskip("keras")
    np = pytest.importorskip("numpy")
    x = np.ones((4, 3, 2), "float32")
    with pytest.raises(TypeError):
        keras.ops.transpose(x, 1, 2)
    with pytest.raises(ValueError, match="permutation"):
        keras.layers.Permute((0, 2, 1))
    with pytest.raises(TypeError):
        np.transpose(x, 1, 2)
