"""XFR222: `backward()` without a graph."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR222").page


def test_bad_raises() -> None:
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad"):
        run(PAGE.bad[0])


def test_good_runs_also_with_backward_under_no_grad() -> None:
    assert run(PAGE.good[0])["model"].weight.grad is not None
    names = run(PAGE.good[0].replace("loss.backward()", "with torch.no_grad(): loss.backward()"))
    assert names["model"].weight.grad is not None
