"""XFR110: what runs when `forward` is called by name on a module with hooks."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR110").page


def ran(program: str) -> dict[str, Any]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return run(program)


def spectral_vector_moves(names: dict[str, Any]) -> bool:
    score = names["critic"].score
    before = score.weight_u.clone()
    names["critic"](torch.ones(4, 8))
    return not torch.equal(before, score.weight_u)


def test_bad_skips_both_hooks() -> None:
    names = ran(PAGE.bad[0])
    assert names["features"] == []
    assert not spectral_vector_moves(names)


def test_good_runs_both() -> None:
    names = ran(PAGE.good[0])
    assert len(names["features"]) == 1
    assert spectral_vector_moves(names)


def test_weight_norm_raises_at_the_second_step() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        layer = torch.nn.utils.weight_norm(torch.nn.Linear(8, 8))
    x = torch.ones(4, 8)
    layer.forward(x).sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        layer.forward(x).sum().backward()
