"""XFR504: what either framework divides by at the border of an image."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
pytest.importorskip("keras")
np = pytest.importorskip("numpy")

PAGE = rule("XFR504").page


def corners(program: str) -> tuple[float, float]:
    names = run(program)
    in_torch = names["TorchBlur"]()(torch.ones(1, 1, 4, 4))[0, 0, 0, 0]
    in_keras = names["KerasBlur"]()(np.ones((1, 4, 4, 1), "float32"))[0, 0, 0, 0]
    return float(in_torch), float(in_keras)


def test_bad_counts_the_padding_in_torch_alone() -> None:
    assert corners(PAGE.bad[0]) == pytest.approx((4 / 9, 1))


def test_good_counts_real_pixels() -> None:
    assert corners(PAGE.good[0]) == (1, 1)
