"""XFR503: a padded max pooling in either framework."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
pytest.importorskip("tensorflow")
np = pytest.importorskip("numpy")

PAGE = rule("XFR503").page


def difference(program: str, size: int) -> float:
    names = run(program)
    x = -np.random.default_rng(0).random((1, size, size, 2)).astype("float32")
    wanted = names["build_torch"]()(torch.from_numpy(x.transpose(0, 3, 1, 2))).numpy()
    got = np.array(names["build_keras"]()(x)).transpose(0, 3, 1, 2)
    assert got.shape == wanted.shape
    return float(abs(got - wanted).max())


def test_bad_is_shifted_at_even_sizes_alone() -> None:
    assert difference(PAGE.bad[0], 8) > 0.1
    assert difference(PAGE.bad[0], 9) == 0


def test_good_is_equal_at_both() -> None:
    assert difference(PAGE.good[0], 8) == difference(PAGE.good[0], 9) == 0
