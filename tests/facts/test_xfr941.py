"""XFR941: whether a frozen batch norm learns on."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR941").page


@pytest.mark.parametrize(("program", "moves"), [(PAGE.bad[0], True), (PAGE.good[0], False)])
def test_running_mean(program: str, moves: bool) -> None:
    torch.set_num_threads(1)
    assert bool(run(program)["mean"].any()) is moves
