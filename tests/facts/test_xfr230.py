"""XFR230: what `fit` wants of a training step."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("keras")
pytest.importorskip("tensorflow")

PAGE = rule("XFR230").page


def test_nothing_returned_raises() -> None:
    with pytest.raises(ValueError, match="Toutput_types"):
        run(PAGE.bad[0])


def test_a_tensor_returned_raises() -> None:
    with pytest.raises(AttributeError, match="items"):
        run(PAGE.good[0].replace('return {"loss": loss}', "return loss"))


def test_a_dict_is_logged() -> None:
    history = run(PAGE.good[0])["history"]
    assert list(history) == ["loss"]
    assert history["loss"][0] >= 0
