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
