"""XFR228: what the second user of a generator gets."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
PAGE = rule("XFR228").page


@pytest.mark.filterwarnings("ignore:.*empty generator")
def test_bad_clips_nothing() -> None:
    names = run(PAGE.bad[0])
    assert min(names["used"]) > 100
    assert list(names["params"]) == []


def test_good_clips() -> None:
    assert max(run(PAGE.good[0])["used"]) <= 1.001


def test_a_second_optimizer_raises() -> None:
    parameters = torch.nn.Linear(2, 1).parameters()
    torch.optim.SGD(parameters, lr=0.1)
    with pytest.raises(ValueError, match="empty parameter list"):
        torch.optim.SGD(parameters, lr=0.1)


def test_a_helper_that_reads_twice_scales_nothing() -> None:
    def norm_then_scale(params: object) -> int:
        total = sum(float(p.detach().norm()) for p in params)  # type: ignore[attr-defined]
        return sum(1 for p in params if total > 0)  # type: ignore[attr-defined]

    module = torch.nn.Linear(2, 1)
    assert norm_then_scale(module.parameters()) == 0
    assert norm_then_scale(list(module.parameters())) == 2
