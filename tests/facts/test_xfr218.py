"""XFR218: a model without `compile`."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("keras")
pytest.importorskip("tensorflow")

PAGE = rule("XFR218").page


@pytest.mark.parametrize("verb", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_bad_raises(verb: str) -> None:
    program = PAGE.bad[0].replace("model.fit(x, y, verbose=0)", f"model.{verb}(x, y)")
    with pytest.raises(ValueError, match="must call `compile"):
        run(program)


def test_good_trains() -> None:
    assert run(PAGE.good[0])["history"]["loss"][0] > 0


def test_predict_needs_none() -> None:
    run(PAGE.bad[0].replace("model.fit(x, y, verbose=0)", "model.predict(x, verbose=0)"))
