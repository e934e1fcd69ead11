"""XFR701: which weights come back from a state_dict that was kept."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR701").page


def test_bad_gives_back_the_last_weights() -> None:
    names = run(PAGE.bad[0])
    assert (names["model"].weight - names["at_best"]).abs().max() > 0.5


def test_good_gives_back_the_best() -> None:
    names = run(PAGE.good[0])
    assert (names["model"].weight == names["at_best"]).all()


@pytest.mark.parametrize("copy", ["dict({})", "{}.copy()", "copy.copy({})"])
def test_a_copy_of_the_table_is_none_of_the_tensors(copy: str) -> None:
    taken = "copy.deepcopy(model.state_dict())"
    names = run(PAGE.good[0].replace(taken, copy.format("model.state_dict()")))
    assert (names["model"].weight - names["at_best"]).abs().max() > 0.5
