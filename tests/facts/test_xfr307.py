"""XFR307: the share that is dropped where a probability of keeping is given."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR307").page


@pytest.mark.parametrize(("number", "framework"), [(0, "torch"), (1, "tensorflow")])
def test_nine_tenths_are_dropped(number: int, framework: str) -> None:
    pytest.importorskip(framework)
    assert run(PAGE.bad[number])["zeros"] == pytest.approx(0.9, abs=0.02)
    assert run(PAGE.good[number])["zeros"] == pytest.approx(0.1, abs=0.02)


def test_tensorflow_has_no_such_keyword() -> None:
    tf = pytest.importorskip("tensorflow")
    with pytest.raises(TypeError, match="unexpected keyword argument 'keep_prob'"):
        tf.nn.dropout(tf.ones(3), keep_prob=0.9)
