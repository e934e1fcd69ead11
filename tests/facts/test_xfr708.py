"""XFR708: a state that leads back into the last batch."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR708").page


def test_bad_raises_in_the_second_batch() -> None:
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        run(PAGE.bad[0])
    run(PAGE.bad[0].replace("in batches:", "in batches[:1]:"))


def test_good_runs() -> None:
    names = run(PAGE.good[0])
    assert all(state.grad_fn is None for state in names["hidden"])
