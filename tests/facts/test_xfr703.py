"""XFR703: whose generators a seed reaches."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR703").page


@pytest.mark.parametrize(("frameworks", "program"), [("keras torch", 0), ("torch tensorflow", 1)])
def test_only_its_own(frameworks: str, program: int) -> None:
    for framework in frameworks.split():
        pytest.importorskip(framework)
    bad = [run(PAGE.bad[program])["first_weight"] for _ in range(2)]
    good = [run(PAGE.good[program])["first_weight"] for _ in range(2)]
    assert bad[0] != bad[1]
    assert good[0] == good[1]
