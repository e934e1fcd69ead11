"""XFR237: what a tape that watches nothing answers."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("tensorflow")

PAGE = rule("XFR237").page


@pytest.mark.parametrize("program", PAGE.bad)
def test_gradient_is_none(program: str) -> None:
    assert run(program)["gradient"] is None


@pytest.mark.parametrize("program", PAGE.good)
def test_good_has_it(program: str) -> None:
    assert float(run(program)["gradient"]) == 4.0
