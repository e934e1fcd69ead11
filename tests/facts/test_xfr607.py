"""XFR607: over which dimension torch's softmax sums to one."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR607").page


@pytest.mark.filterwarnings("ignore:Implicit dimension")
def test_weights_of_a_query() -> None:
    bad, good = run(PAGE.bad[0])["weights"], run(PAGE.good[0])["weights"]
    assert not torch.allclose(bad.sum(-1), torch.ones(2, 4))
    assert torch.allclose(bad.sum(0), torch.ones(4, 5))
    assert torch.allclose(good.sum(-1), torch.ones(2, 4))


@pytest.mark.filterwarnings("ignore:Implicit dimension")
@pytest.mark.parametrize(("rank", "guess"), [(1, 0), (2, 1), (3, 0), (4, 1), (5, 1)])
def test_the_guess(rank: int, guess: int) -> None:
    x = torch.randn(2, 3, 4, 5, 6)[(0,) * (5 - rank)]
    assert torch.equal(torch.nn.functional.softmax(x), torch.nn.functional.softmax(x, guess))
