"""XFR314: which weights a second `fit` moves."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("keras")
pytest.importorskip("tensorflow")

PAGE = rule("XFR314").page
FROZEN = "base.trainable = False\n"


@pytest.mark.parametrize(("program", "moved"), [(PAGE.bad[0], False), (PAGE.good[0], True)])
def test_unfrozen_after_a_first_fit(program: str, moved: bool) -> None:
    assert run(program)["moved"] is moved


def test_frozen_after_a_first_fit_is_moved() -> None:
    swapped = PAGE.bad[0].replace(FROZEN, "").replace("trainable = True", "trainable = False")
    assert run(swapped)["moved"]


def test_changed_before_the_first_fit_is_heard() -> None:
    first = "model.fit(x, x[:, :1], verbose=0)\nbefore"
    assert first in PAGE.bad[0]
    assert run(PAGE.bad[0].replace(first, "model.build((None, 4))\nbefore"))["moved"]
