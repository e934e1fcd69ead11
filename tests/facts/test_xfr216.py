"""XFR216: whether a layer that came after the optimizer learns."""

from __future__ import annotations

from typing import Any

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR216").page


def moved(names: dict[str, Any]) -> bool:
    return bool((names["model"].head.weight != names["before"]).any())


def forgotten(names: dict[str, Any]) -> int:
    held = {id(p) for group in names["optimizer"].param_groups for p in group["params"]}
    return sum(id(p) not in held for p in names["model"].parameters())


def test_bad_head_never_moves() -> None:
    names = run(PAGE.bad[0])
    assert names["model"].head.weight.grad.abs().max() > 0
    assert not moved(names)
    assert forgotten(names) == 2


def test_good_head_moves() -> None:
    names = run(PAGE.good[0])
    assert moved(names)
    assert forgotten(names) == 0
