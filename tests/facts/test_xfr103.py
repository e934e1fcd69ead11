"""XFR103: what torch says of a module with `call` only."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR103").page


def test_bad_raises_at_the_first_use() -> None:
    net = run(PAGE.bad[0])["Net"]()
    with pytest.raises(NotImplementedError, match="forward"):
        net(torch.ones(2, 8))


def test_good_runs() -> None:
    assert run(PAGE.good[0])["Net"]()(torch.ones(2, 8)).shape == (2, 4)
