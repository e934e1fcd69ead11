"""XFR311: what functional dropout does in `predict`."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("keras")
pytest.importorskip("tensorflow")

PAGE = rule("XFR311").page


@pytest.mark.parametrize(("program", "share"), [(PAGE.bad[0], 0.5), (PAGE.good[0], 0.0)])
def test_share_of_zeros_in_predict(program: str, share: float) -> None:
    assert float(run(program)["zeros"]) == pytest.approx(share, abs=0.15)


def test_keras_own_function_drops_too() -> None:
    program = PAGE.bad[0].replace("tf.nn.dropout(x, 0.5)", "keras.random.dropout(x, 0.5, seed=0)")
    assert float(run(program)["zeros"]) == pytest.approx(0.5, abs=0.15)
