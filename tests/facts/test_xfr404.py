"""XFR404: what the negative log-likelihood of probabilities and of logits learns."""

from __future__ import annotations

import math

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
PAGE = rule("XFR404").page


def first_loss(program: str) -> float:
    return run(program.replace("range(100)", "range(1)"))["loss"].item()


def test_probabilities_give_a_loss_between_minus_one_and_zero() -> None:
    assert first_loss(PAGE.bad[0]) == pytest.approx(-0.24, abs=0.02)
    assert -1 <= run(PAGE.bad[0])["loss"].item() < 0


def test_logits_run_away() -> None:
    loss = run(PAGE.bad[1])["loss"].item()
    assert not loss > -1e6


def test_good_starts_at_a_guess_and_learns() -> None:
    assert first_loss(PAGE.good[0]) == pytest.approx(math.log(4), abs=0.2)
    assert 0 < run(PAGE.good[0])["loss"].item() < 0.5
