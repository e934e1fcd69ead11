"""XFR221: which model gets gradients behind `torch.tensor([...])`."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR221").page


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True to a scalar")
def test_bad_leaves_the_second_model_alone() -> None:
    names = run(PAGE.bad[0])
    assert names["first"].weight.grad.abs().max() > 0
    assert names["second"].weight.grad is None
    assert (names["second"].weight == names["before"]).all()


def test_good_trains_both() -> None:
    names = run(PAGE.good[0])
    assert names["first"].weight.grad.abs().max() > 0
    assert (names["second"].weight != names["before"]).any()


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True to a scalar")
def test_with_nothing_left_it_raises() -> None:
    with pytest.raises(RuntimeError, match="does not require grad"):
        run(PAGE.bad[0].replace("both.sum() + first_loss", "both.sum()"))
