"""XFR109: what a layer made in `forward` learns, and what `eval()` does to a dropout made there."""

from __future__ import annotations

from typing import Any

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR109").page


def net(program: str) -> Any:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return run(program)["Net"]()


def loss_after_training(module: Any) -> float:
    optimizer = torch.optim.Adam(module.parameters(), lr=0.05)
    x, y = torch.randn(32, 16), torch.randn(32, 4)
    for _ in range(60):
        optimizer.zero_grad()
        loss = (module(x) - y).square().mean()
        loss.backward()
        optimizer.step()
    return loss.item()


def same_in_evaluation(module: Any) -> bool:
    module.eval()
    x = torch.ones(4, 16)
    return torch.equal(module(x), module(x))


def test_bad_forgets_its_layer_at_each_call() -> None:
    module = net(PAGE.bad[0])
    assert len(list(module.parameters())) == 2
    assert not same_in_evaluation(module)
    assert loss_after_training(module.train()) > 0.9


def test_bad_dropout_stays_on_in_evaluation() -> None:
    assert not same_in_evaluation(net(PAGE.bad[1]))


def test_good_learns_and_repeats_itself() -> None:
    module = net(PAGE.good[0])
    module.drop.p = 0.0
    assert len(list(module.parameters())) == 4
    assert loss_after_training(module) < 0.3
    module.drop.p = 0.5
    assert same_in_evaluation(module)
