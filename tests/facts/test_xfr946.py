"""XFR946: how many samples are seen without the last batch."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR946").page
EVERY, FULL_BATCHES = 10, 8


@pytest.mark.parametrize(("framework", "program"), [("torch", 0), ("tensorflow", 1)])
def test_what_does_not_fill_a_batch_is_never_measured(framework: str, program: int) -> None:
    pytest.importorskip(framework)
    assert run(PAGE.bad[program])["seen"] == FULL_BATCHES
    assert run(PAGE.good[program])["seen"] == EVERY
