"""XFR408: which labels each loss refuses."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR408").page


def test_keras() -> None:
    pytest.importorskip("keras")
    for program in PAGE.bad[:2]:
        with pytest.raises(ValueError, match=r"rank|shape"):
            run(program)
    run(PAGE.good[0])


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(RuntimeError, match="Expected floating point type"):
        run(PAGE.bad[2])
    good = run(PAGE.good[1])
    right = torch.nn.functional.cross_entropy(good["model"](good["x"]), good["y"])
    assert good["loss"].item() == pytest.approx(right.item())
    one_hot = torch.nn.functional.one_hot(good["y"], 4)
    for loss in (torch.nn.BCEWithLogitsLoss(), torch.nn.BCELoss()):
        with pytest.raises(RuntimeError, match="Long"):
            loss(torch.rand(64, 4), one_hot)
