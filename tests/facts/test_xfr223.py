"""XFR223: what a gradient penalty does to the weights."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR223").page


def gradients(program: str) -> list[float]:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    return [float(p.grad.abs().sum()) for p in run(program)["critic"].parameters()]


def test_bad_penalty_trains_nothing() -> None:
    bad = gradients(PAGE.bad[0])
    assert bad == pytest.approx(gradients(PAGE.bad[0].replace("10 *", "0 *")))
    good = gradients(PAGE.good[0])
    assert good[0] > 2 * bad[0]


def test_both_print_the_same_loss() -> None:
    pytest.importorskip("torch")
    bad, good = (run(program)["loss"].item() for program in (PAGE.bad[0], PAGE.good[0]))
    assert bad == pytest.approx(good)


def test_tape_has_no_second_derivative_outside() -> None:
    pytest.importorskip("tensorflow")
    assert run(PAGE.bad[1])["curvature"] is None
    assert float(run(PAGE.good[1])["curvature"]) == 18.0
