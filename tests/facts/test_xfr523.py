"""XFR523: recurrent weights in either framework."""

from __future__ import annotations

from typing import Any

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
keras = pytest.importorskip("keras")
np = pytest.importorskip("numpy")

PAGE = rule("XFR523").page
X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")


def difference(recurrent: Any, port: Any) -> float:
    wanted = recurrent(torch.from_numpy(X))[0].detach().numpy()
    return float(abs(np.array(port(X)) - wanted).max())


def test_bad_drops_a_bias() -> None:
    names = run(PAGE.bad[0])
    assert difference(names["lstm"], names["port"]) > 0.01


def test_good_is_equal() -> None:
    names = run(PAGE.good[0])
    assert difference(names["lstm"], names["port"]) < 1e-5


@pytest.mark.parametrize("swapped", [False, True])
def test_a_gru_needs_its_first_two_gates_swapped(swapped: bool) -> None:
    gru = torch.nn.GRU(3, 4, batch_first=True)
    port = keras.layers.GRU(4, return_sequences=True)
    port.build((None, None, 3))

    def turned(weight: Any) -> Any:
        r, z, n = np.split(weight.detach().numpy(), 3)
        return np.concatenate([z, r, n] if swapped else [r, z, n])

    biases = np.stack([turned(gru.bias_ih_l0), turned(gru.bias_hh_l0)])
    port.set_weights([turned(gru.weight_ih_l0).T, turned(gru.weight_hh_l0).T, biases])
    assert (difference(gru, port) < 1e-5) is swapped
