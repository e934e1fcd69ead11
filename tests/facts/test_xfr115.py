"""XFR115: what torch knows of an attribute that is computed from a parameter."""

from __future__ import annotations

from typing import Any

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR115").page


def net(program: str) -> Any:
    torch.set_num_threads(1)
    return run(program)["net"]


def test_bad_has_no_parameters() -> None:
    module = net(PAGE.bad[0])
    assert list(module.parameters()) == []
    assert list(module.state_dict()) == []
    assert not module.w.is_leaf


def test_good_trains_both() -> None:
    module = net(PAGE.good[0])
    assert list(module.state_dict()) == ["w", "b"]
    before = module.w.detach().clone()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    module(torch.ones(2, 8)).sum().backward()
    optimizer.step()
    assert not torch.equal(before, module.w)


def test_moving_hands_back_the_parameter_where_there_is_nothing_to_move() -> None:
    parameter = torch.nn.Parameter(torch.ones(1))
    assert parameter.to("cpu") is parameter
    assert not isinstance(parameter.to("meta"), torch.nn.Parameter)
