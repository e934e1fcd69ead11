"""XFR219: how deep the graph behind a running loss becomes."""

from __future__ import annotations

from typing import Any

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
PAGE = rule("XFR219").page


def depth(tensor: Any) -> int:
    node, steps = tensor.grad_fn, 0
    while node is not None:
        following = [after for after, _ in node.next_functions if after is not None]
        node, steps = (following[0] if following else None), steps + 1
    return steps


def test_bad_holds_every_graph(capsys: pytest.CaptureFixture[str]) -> None:
    names = run(PAGE.bad[0])
    assert depth(names["total"]) == 203
    assert sum(loss.grad_fn is not None for loss in names["history"]) == 200


def test_good_holds_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    names = run(PAGE.good[0])
    assert isinstance(names["total"], float)
    assert {type(loss) for loss in names["history"]} == {float}
