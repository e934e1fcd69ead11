"""XFR202: what a loop without `zero_grad()` learns."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR202").page
SGD = "SGD(model.parameters(), lr=0.1)"


@pytest.mark.parametrize("optimizer", ["Adam(model.parameters(), lr=0.05)", SGD])
def test_bad_does_not_learn_what_good_does(optimizer: str) -> None:
    bad, good = (
        run(program.replace("Adam(model.parameters(), lr=0.05)", optimizer))["losses"]
        for program in (PAGE.bad[0], PAGE.good[0])
    )
    assert bad[0] == good[0]
    assert good[-1] < 0.001 * good[0]
    assert bad[-1] > 0.5 * bad[0]
    assert optimizer == SGD or max(bad) > 1.25 * bad[0]


def test_gradients_are_the_sum_of_all_turns() -> None:
    bad, good = run(PAGE.bad[0]), run(PAGE.good[0])
    for names, added in ((bad, True), (good, False)):
        model, x, y = names["model"], names["x"], names["y"]
        carried = model.weight.grad.clone()
        if not added:
            names["optimizer"].zero_grad()
            carried.zero_()
        names["nn"].functional.mse_loss(model(x), y).backward()
        fresh = model.weight.grad - carried
        assert fresh.abs().max() > 0
        assert bool((model.weight.grad != fresh).any()) is added
