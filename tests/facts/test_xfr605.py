"""XFR605: what a maximum along a dimension returns."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR605").page


def test_torch_returns_a_pair() -> None:
    torch = pytest.importorskip("torch")
    bad = run(PAGE.bad[0].partition("right =")[0])
    assert len(bad["predicted"]) == 2
    with pytest.raises((TypeError, AttributeError)):
        run(PAGE.bad[0])
    with pytest.raises(TypeError):
        bad["logits"] - torch.max(bad["logits"], 1)
    assert run(PAGE.good[0])["right"] == 2


@pytest.mark.parametrize("function", ["max", "min", "median", "mode", "sort"])
def test_torch_functions(function: str) -> None:
    torch = pytest.importorskip("torch")
    pair = getattr(torch, function)(torch.ones(3, 4), 1)
    assert len(pair) == 2
    with pytest.raises(TypeError):
        pair - 1


def test_tensorflow_returns_values_alone() -> None:
    tf = pytest.importorskip("tensorflow")
    assert run(PAGE.bad[1])["predicted"].numpy() == 9.0
    assert run(PAGE.good[1])["predicted"].numpy().tolist() == [1, 0]
    with pytest.raises(ValueError, match="unpack"):
        _, _ = tf.reduce_max(tf.ones((3, 4)), 1)
