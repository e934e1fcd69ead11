"""XFR912: what padding does to the last step."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR912").page


def difference(program: str) -> float:
    """How much the result changes when four pads are appended to a text."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = run(program)["net"]
    text = torch.tensor([[3, 1, 4]])
    padded = torch.nn.functional.pad(text, (0, 4))
    with torch.no_grad():
        return float((net(text) - net(padded)).abs().max())


def test_bad_depends_on_the_padding() -> None:
    assert difference(PAGE.bad[0]) > 0.02


def test_good_does_not() -> None:
    assert difference(PAGE.good[0]) < 1e-6
