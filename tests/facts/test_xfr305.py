"""XFR305: what `fit` does to the layers of a model whose `call` takes no `training`."""

from __future__ import annotations

import pytest
from support import rule, run

keras = pytest.importorskip("keras")
np = pytest.importorskip("numpy")

PAGE = rule("XFR305").page


def moving_mean(program: str) -> float:
    keras.utils.set_random_seed(0)
    return float(np.abs(np.asarray(run(program)["net"].norm.moving_mean)).max())


def test_bad_leaves_batch_norm_as_it_was_made() -> None:
    assert moving_mean(PAGE.bad[0]) == 0


def test_good_moves_it() -> None:
    assert moving_mean(PAGE.good[0]) > 0.01


def test_kwargs_do_not_count() -> None:
    program = PAGE.bad[0].replace("def call(self, x)", "def call(self, x, **kwargs)")
    assert moving_mean(program) == 0


def test_by_hand_the_flag_does_reach_the_layers() -> None:
    net = run(PAGE.bad[0])["net"]
    net(np.ones((8, 4), "float32"), training=True)
    assert float(np.abs(np.asarray(net.norm.moving_mean)).max()) > 0
