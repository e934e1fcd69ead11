"""XFR805: a model that the strategy does not mirror."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("keras")
pytest.importorskip("tensorflow")

PAGE = rule("XFR805").page


def test_bad_raises() -> None:
    with pytest.raises(AssertionError):
        run(PAGE.bad[0])


def test_fitting_under_the_scope_raises_too() -> None:
    program = PAGE.good[0].replace("with strategy.scope():\n    model = ", "if True:\n    model = ")
    with pytest.raises(AssertionError):
        run(program.replace("model.fit(", "with strategy.scope():\n    model.fit("))


def test_good_trains_mirrored_variables() -> None:
    weight = run(PAGE.good[0])["model"].weights[0].value
    assert type(weight).__name__ == "MirroredVariable"
