"""XFR114: what torch knows of a weight that is a plain tensor."""

from __future__ import annotations

from typing import Any

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR114").page


def net(program: str) -> Any:
    torch.set_num_threads(1)
    return run(program)["net"]


def scale_moves(module: Any) -> bool:
    before = module.scale.detach().clone()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    module(torch.ones(2, 8)).sum().backward()
    assert module.scale.grad is not None
    optimizer.step()
    return not torch.equal(before, module.scale)


def test_bad_is_neither_trained_nor_saved_nor_moved() -> None:
    module = net(PAGE.bad[0])
    assert not scale_moves(module)
    assert "scale" not in module.state_dict()
    assert module.double().scale.dtype is torch.float32


def test_good_is_all_of_it() -> None:
    module = net(PAGE.good[0])
    assert scale_moves(module)
    assert "scale" in module.state_dict()
    assert module.double().scale.dtype is torch.float64
