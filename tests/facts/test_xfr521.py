"""XFR521: how wide the heads of either framework's attention are."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
pytest.importorskip("keras")
np = pytest.importorskip("numpy")

PAGE = rule("XFR521").page


def weights(program: str) -> tuple[int, int]:
    names = run(program)
    port = names["keras_attention"]
    port(np.ones((1, 5, 64), "float32"), np.ones((1, 5, 64), "float32"))
    return sum(p.numel() for p in names["torch_attention"].parameters()), port.count_params()


def test_bad_has_eight_times_the_weights() -> None:
    assert weights(PAGE.bad[0]) == (16640, 132672)


def test_good_has_as_many() -> None:
    assert weights(PAGE.good[0]) == (16640, 16640)
