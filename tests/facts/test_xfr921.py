"""XFR921: what runs when `forward` is called by name and somebody registers a hook."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR921").page


def hooks_run(program: str) -> int:
    torch.set_num_threads(1)
    net = run(program)["net"]
    seen: list[int] = []
    net.out.register_forward_hook(lambda *_: seen.append(1))
    net(torch.ones(2, 8))
    return len(seen)


def test_bad_skips_a_hook_inside() -> None:
    assert hooks_run(PAGE.bad[0]) == 0


def test_good_runs_it() -> None:
    assert hooks_run(PAGE.good[0]) == 1
