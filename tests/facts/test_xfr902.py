"""XFR902: what a persistent tape records of its own gradient."""

from __future__ import annotations

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")

PAGE = rule("XFR902").page


def test_the_values_are_the_same() -> None:
    assert float(run(PAGE.bad[0])["gradient"]) == float(run(PAGE.good[0])["gradient"]) == 4.0


@pytest.mark.parametrize(("inside", "second"), [(True, 2.0), (False, None)])
def test_inside_the_backward_pass_is_recorded(inside: bool, second: float | None) -> None:
    w = tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        loss = w * w
        gradient = tape.gradient(loss, w) if inside else None
    if gradient is None:
        gradient = tape.gradient(loss, w)
    found = tape.gradient(gradient, w)
    assert found is None if second is None else float(found) == second
