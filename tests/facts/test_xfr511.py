"""XFR511: a square kernel copied as it is."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
keras = pytest.importorskip("keras")
np = pytest.importorskip("numpy")

PAGE = rule("XFR511").page


def difference(program: str) -> float:
    names = run(program)
    x = np.random.default_rng(0).normal(size=(4, 16)).astype("float32")
    wanted = names["fc"](torch.from_numpy(x)).detach().numpy()
    return float(abs(np.array(names["dense"](x)) - wanted).max())


def test_bad_is_taken_and_wrong() -> None:
    assert difference(PAGE.bad[0]) > 0.1


def test_good_is_equal() -> None:
    assert difference(PAGE.good[0]) < 1e-5


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="not compatible"):
        run(PAGE.bad[0].replace("Linear(16, 16)", "Linear(16, 8)").replace("Dense(16)", "Dense(8)"))


def test_reversing_a_square_convolution_swaps_rows_and_columns() -> None:
    weight = np.arange(9.0).reshape(1, 1, 3, 3)
    assert weight.T.shape == weight.transpose(2, 3, 1, 0).shape
    assert np.array_equal(weight.T[:, :, 0, 0], weight.transpose(2, 3, 1, 0)[:, :, 0, 0].T)
