"""XFR207: a second `backward()` through one graph."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR207").page


def test_bad_raises() -> None:
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        run(PAGE.bad[0])


def test_good_gives_what_both_would() -> None:
    summed = run(PAGE.good[0])["model"][0].weight.grad
    kept = PAGE.bad[0].replace("fit.backward()", "fit.backward(retain_graph=True)")
    assert (summed - run(kept)["model"][0].weight.grad).abs().max() < 1e-6


def test_a_forward_pass_of_before_the_loop_raises_in_the_second_turn() -> None:
    torch = pytest.importorskip("torch")
    before, model = torch.nn.Linear(3, 4), torch.nn.Linear(4, 1)
    data = before(torch.ones(2, 3))
    model(data).sum().backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        model(data).sum().backward()
