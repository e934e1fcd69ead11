"""XFR120: what torch says to modules used as functions."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR120").page


def test_a_module_is_no_tensor() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        run(PAGE.bad[0])
    assert tuple(run(PAGE.good[0])["y"].shape) == (2, 4)


@pytest.mark.parametrize("number", [1, 2])
def test_sequential_takes_modules_only(number: int) -> None:
    with pytest.raises(TypeError, match="is not a Module subclass"):
        run(PAGE.bad[number])
    assert len(run(PAGE.good[number])["net"]) in (2, 3)


def test_losses_and_add() -> None:
    x, y = torch.ones(2, 4), torch.tensor([0, 1])
    with pytest.raises(RuntimeError, match="Boolean value of Tensor"):
        torch.nn.CrossEntropyLoss(x, y)
    with pytest.raises(AttributeError):
        torch.nn.Sequential().add(torch.nn.ReLU())
