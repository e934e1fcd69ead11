"""XFR206: what a step before `backward()` applies."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
PAGE = rule("XFR206").page


def test_bad_never_moves_where_good_learns() -> None:
    bad, good = run(PAGE.bad[0])["losses"], run(PAGE.good[0])["losses"]
    assert bad[0] == good[0]
    assert set(bad) == {bad[0]}
    assert good[-1] < 0.9 * good[0]


def test_without_the_clearing_each_step_uses_the_last_turns_gradient() -> None:
    source = PAGE.bad[0].replace("    optimizer.zero_grad()\n", "").replace("range(50)", "range(1)")
    names = run(source)
    model = names["model"]
    assert model.weight.grad is not None
    assert (
        names["nn"].functional.mse_loss(model(names["x"]), names["y"]).item() == names["losses"][0]
    )
