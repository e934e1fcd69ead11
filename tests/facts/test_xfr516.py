"""XFR516: a flatten without a start axis, before a linear layer."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR516").page


def test_bad_takes_one_image_and_no_batch() -> None:
    net = run(PAGE.bad[0])["net"]
    assert tuple(net(torch.ones(1, 1, 6, 6)).shape) == (10,)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        net(torch.ones(2, 1, 6, 6))


def test_good_takes_a_batch() -> None:
    assert tuple(run(PAGE.good[0])["net"](torch.ones(2, 1, 6, 6)).shape) == (2, 10)


def test_bad_reshape_has_an_axis_too_many() -> None:
    np = pytest.importorskip("numpy")
    pytest.importorskip("keras")
    images = np.ones((8, 28, 28), "float32")
    assert tuple(run(PAGE.bad[1])["pixels"](images).shape) == (8, 1, 784)
    assert tuple(run(PAGE.good[1])["pixels"](images).shape) == (8, 784)
