"""XFR317: a recurrent module of one layer drops nothing."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR317").page


def test_bad_is_the_same_twice() -> None:
    torch.set_num_threads(1)
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last"):
        assert not run(PAGE.bad[0])["differs"]


def test_good_differs() -> None:
    assert run(PAGE.good[0])["differs"]
