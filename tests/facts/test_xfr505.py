"""XFR505: which end of its result a transposed convolution crops."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
pytest.importorskip("keras")
np = pytest.importorskip("numpy")

PAGE = rule("XFR505").page


def difference(program: str) -> float:
    names = run(program)
    x = np.random.default_rng(0).normal(size=(1, 5, 5, 2)).astype("float32")
    up, port = names["torch_up"], names["keras_up"]
    port.build(x.shape)
    kernel, bias = (p.detach().numpy() for p in (up.weight, up.bias))
    port.set_weights([kernel.transpose(2, 3, 1, 0), bias])
    wanted = up(torch.from_numpy(x.transpose(0, 3, 1, 2))).detach().numpy()
    got = np.array(port(x)).transpose(0, 3, 1, 2)
    assert got.shape == wanted.shape == (1, 2, 10, 10)
    return float(abs(got - wanted).max())


def test_bad_has_the_shape_and_other_values() -> None:
    assert difference(PAGE.bad[0]) > 0.1


def test_good_is_equal() -> None:
    assert difference(PAGE.good[0]) < 1e-5
