"""XFR901: what an evaluation outside `no_grad` keeps."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR901").page


@pytest.mark.parametrize(("program", "keeps"), [(PAGE.bad[0], True), (PAGE.good[0], False)])
def test_total_holds_the_graph(program: str, keeps: bool) -> None:
    torch.set_num_threads(1)
    assert (run(program)["total"].grad_fn is not None) is keeps
