"""XFR501: where torch has no "same", and what gives Keras' sizes."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR501").page


def test_strided_convolution_raises() -> None:
    with pytest.raises(ValueError, match="not supported for strided convolutions"):
        run(PAGE.bad[0])
    assert tuple(run(PAGE.good[0])["y"].shape) == (1, 8, 16, 16)


def test_pooling_raises_when_called() -> None:
    with pytest.raises(TypeError, match="must be tuple of ints, not str"):
        run(PAGE.bad[1])
    assert tuple(run(PAGE.good[1])["y"].shape) == (1, 1, 3, 3)


def test_transposed_convolution_raises_when_called() -> None:
    layer = torch.nn.ConvTranspose2d(3, 8, 3, padding="same")
    with pytest.raises(TypeError):
        layer(torch.ones(1, 3, 4, 4))
