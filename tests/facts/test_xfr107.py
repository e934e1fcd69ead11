"""XFR107: what torch knows of modules in a dict and of parameters in a list."""

from __future__ import annotations

from typing import Any

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR107").page


def net(program: str) -> Any:
    torch.set_num_threads(1)
    return run(program)["net"]


def same_after_loading(program: str) -> bool:
    first, second = net(program), net(program)
    second.load_state_dict(first.state_dict())
    x = torch.ones(2, 16)
    return all(torch.equal(a, b) for a, b in zip(first(x), second(x), strict=True))


def moved(module: Any) -> tuple[bool, bool]:
    """Whether one step moves the heads, and the scales."""
    watched = module.heads["a"].weight, module.scales[0]
    before = [weight.detach().clone() for weight in watched]
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    module(torch.ones(2, 16))[0].sum().backward()
    optimizer.step()
    head, scale = (not torch.equal(old, new) for old, new in zip(before, watched, strict=True))
    return head, scale


def test_bad_neither_trains_nor_saves_them() -> None:
    module = net(PAGE.bad[0])
    assert len(list(module.parameters())) == 2
    assert moved(module) == (False, False)
    assert not same_after_loading(PAGE.bad[0])


def test_good_does_both() -> None:
    module = net(PAGE.good[0])
    assert len(list(module.parameters())) == 8
    assert moved(module) == (True, True)
    assert same_after_loading(PAGE.good[0])
