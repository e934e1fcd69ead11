"""XFR106: what a torch module knows of modules in a plain list."""

from __future__ import annotations

from typing import Any

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR106").page


def net(program: str) -> Any:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return run(program)["net"]


def count(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def same_after_loading(program: str) -> bool:
    first, second = net(program), run(program)["net"]
    second.load_state_dict(first.state_dict())
    x = torch.ones(2, 16)
    return torch.equal(first(x), second(x))


def hidden_moves(module: Any) -> bool:
    before = module.hidden[0].weight.detach().clone()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    module(torch.ones(2, 16)).sum().backward()
    optimizer.step()
    return not torch.equal(before, module.hidden[0].weight)


def test_bad_neither_trains_nor_saves_the_list() -> None:
    module = net(PAGE.bad[0])
    assert count(module) == 68
    assert not hidden_moves(module)
    assert not same_after_loading(PAGE.bad[0])


def test_good_does_both() -> None:
    module = net(PAGE.good[0])
    assert count(module) == 884
    assert hidden_moves(module)
    assert same_after_loading(PAGE.good[0])
