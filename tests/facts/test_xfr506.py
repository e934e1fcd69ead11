"""XFR506: whose pixel a weight behind a Flatten meets."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
pytest.importorskip("keras")
np = pytest.importorskip("numpy")

PAGE = rule("XFR506").page


def difference(program: str) -> float:
    names = run(program)
    x = np.random.default_rng(0).normal(size=(4, 4, 4, 1)).astype("float32")
    wanted = names["torch_net"](torch.from_numpy(x.transpose(0, 3, 1, 2))).detach().numpy()
    return float(abs(np.array(names["keras_net"](x)) - wanted).max())


def test_bad_fits_and_is_wrong() -> None:
    assert difference(PAGE.bad[0]) > 0.05


def test_good_is_equal() -> None:
    assert difference(PAGE.good[0]) < 1e-5
