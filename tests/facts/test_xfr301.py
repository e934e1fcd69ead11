"""XFR301: what an evaluation in training mode gives."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR301").page


def accuracy(program: str) -> float:
    torch.set_num_threads(1)
    return float(run(program)["accuracy"])


def test_bad_is_worse_on_the_same_model() -> None:
    assert accuracy(PAGE.bad[0]) < accuracy(PAGE.good[0]) - 0.2


def test_good_is_right() -> None:
    assert accuracy(PAGE.good[0]) > 0.95


@pytest.mark.parametrize(("program", "moves"), [(PAGE.bad[0], True), (PAGE.good[0], False)])
def test_evaluation_moves_the_statistics(program: str, moves: bool) -> None:
    torch.set_num_threads(1)
    names = run(program)
    model, x = names["model"], names["x"]
    before = model[1].running_mean.clone()
    with torch.no_grad():
        model(x + 5)
    assert torch.equal(before, model[1].running_mean) is not moves
