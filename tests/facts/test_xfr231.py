"""XFR231: a method named and not called does nothing."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
PAGE = rule("XFR231").page


def zeros(source: str) -> float:
    """The share of zeros that comes out of a model that ends in Dropout(0.5)."""
    names = run(source.replace("torch.ones(4, 8)", "torch.ones(512, 8)"))
    return float((names["out"] == 0).float().mean())


def test_dropout_acts_until_eval_is_called() -> None:
    assert 0.4 < zeros(PAGE.bad[0]) < 0.6
    assert zeros(PAGE.good[0]) == 0


@pytest.mark.parametrize("method", ["zero_grad", "step", "backward"])
def test_the_other_methods_do_nothing_either(method: str) -> None:
    weight = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    loss = (weight * 2).sum()
    if method != "backward":
        loss.backward()
    before = weight.detach().clone(), weight.grad
    getattr(loss if method == "backward" else optimizer, method)
    assert torch.equal(weight, before[0])
    assert weight.grad is before[1]
    getattr(loss if method == "backward" else optimizer, method)()
    assert not torch.equal(weight, before[0]) or weight.grad is not before[1]
