"""XFR508: what a reshape makes of an image, and what a transposition."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR508").page


def first_pixel(program: str) -> list[int]:
    y = run(program)["y"]
    assert tuple(y.shape) == (1, 2, 2, 3)
    return [int(value) for value in y[0, 0, 0]]


def test_bad_scrambles_pixels_and_channels() -> None:
    assert first_pixel(PAGE.bad[0]) == [0, 1, 2]


def test_good_keeps_a_pixel_together() -> None:
    assert first_pixel(PAGE.good[0]) == [0, 4, 8]


def test_keras_cifar_arrays_have_the_channels_last() -> None:
    np = pytest.importorskip("numpy")
    image = np.zeros((2, 2, 3), "uint8")
    image[0, 0] = 1  # one pixel, as `load_data` lays it out
    assert image.reshape(3, 2, 2)[:, 0, 0].tolist() == [1, 0, 0]
    assert image.transpose(2, 0, 1)[:, 0, 0].tolist() == [1, 1, 1]


def test_states_of_two_directions_are_joined_across_samples() -> None:
    states = torch.arange(6.0).reshape(2, 3, 1)  # directions, samples, hidden
    assert states.view(3, -1)[0].tolist() == [0.0, 1.0]  # of the samples 0 and 1
    assert states.transpose(0, 1).reshape(3, -1)[0].tolist() == [0.0, 3.0]
