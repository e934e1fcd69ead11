"""XFR518: what recurrent layers return in either framework."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR518").page


def test_bad_sequential_hands_the_pair_on() -> None:
    torch = pytest.importorskip("torch")
    net = run(PAGE.bad[0])["net"]
    with pytest.raises(TypeError, match="must be Tensor, not tuple"):
        net(torch.ones(3, 5, 4))


def test_good_takes_the_output() -> None:
    torch = pytest.importorskip("torch")
    assert tuple(run(PAGE.good[0])["net"](torch.ones(3, 5, 4)).shape) == (3, 5, 2)


def test_bad_keras_unpacks_the_samples_of_a_batch_of_two() -> None:
    pytest.importorskip("keras")
    names = run(PAGE.bad[1])
    assert tuple(names["output"].shape) == tuple(names["state"].shape) == (8,)
    with pytest.raises((TypeError, ValueError), match="unpack"):
        run(PAGE.bad[1].replace("np.ones((2,", "np.ones((3,"))


def test_good_keras_gets_the_steps_and_the_state() -> None:
    pytest.importorskip("keras")
    names = run(PAGE.good[1])
    assert tuple(names["output"].shape) == (2, 5, 8)
    assert tuple(names["state"].shape) == (2, 8)


def test_an_lstm_returns_three_flat_values() -> None:
    keras = pytest.importorskip("keras")
    np = pytest.importorskip("numpy")
    assert len(keras.layers.LSTM(8, return_state=True)(np.ones((2, 5, 4)))) == 3
