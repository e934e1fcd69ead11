"""XFR903: what a persistent tape holds."""

from __future__ import annotations

import gc
import weakref

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")

PAGE = rule("XFR903").page


@pytest.mark.parametrize("persistent", [True, False])
def test_intermediate_results_live_as_long_as_the_tape(persistent: bool) -> None:
    w = tf.Variable(2.0)
    with tf.GradientTape(persistent=persistent) as tape:
        middle = w * 3.0
        loss = middle * middle
    seen = weakref.ref(middle)
    del middle
    assert float(tape.gradient(loss, w)) == 36.0
    del loss
    gc.collect()
    assert (seen() is not None) == persistent
    del tape
    gc.collect()
    assert seen() is None


def test_the_values_are_the_same() -> None:
    assert float(run(PAGE.bad[0])["gradient"]) == 4.0
    assert [float(g) for g in run(PAGE.good[0])["gradients"]] == [4.0, 1.0]
