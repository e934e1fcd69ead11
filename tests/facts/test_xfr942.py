"""XFR942: the same function over two and three dimensions."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR942").page


@pytest.mark.filterwarnings("ignore:Implicit dimension")
def test_last_axis() -> None:
    bad, good = run(PAGE.bad[0]), run(PAGE.good[0])
    assert torch.allclose(bad["two"].sum(-1), torch.ones(2))
    assert not torch.allclose(bad["three"].sum(-1), torch.ones(2, 3))
    assert torch.allclose(good["three"].sum(-1), torch.ones(2, 3))
