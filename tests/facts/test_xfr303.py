"""XFR303: what a hand-written training step does to a model that is not told it is trained."""

from __future__ import annotations

from typing import Any

import pytest
from support import rule, run

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
np = pytest.importorskip("numpy")

PAGE = rule("XFR303").page


def after(program: str) -> dict[str, Any]:
    keras.utils.set_random_seed(0)
    return run(program)


def moved(names: dict[str, Any]) -> float:
    return float(np.abs(np.asarray(names["norm"].moving_mean)).max())


def test_bad_never_updates_batch_norm() -> None:
    assert moved(after(PAGE.bad[0])) == 0


def test_good_does() -> None:
    assert moved(after(PAGE.good[0])) > 0.01


def test_a_bare_call_is_evaluation_and_dropout_rests() -> None:
    names = after(PAGE.good[0])
    model, x = names["model"], names["x"]
    assert np.array_equal(model(x), model(x, training=False))
    assert not np.array_equal(model(x), model(x, training=True))
