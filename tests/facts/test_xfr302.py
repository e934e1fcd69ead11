"""XFR302: in which mode the epochs after the first validation train."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR302").page


def epochs(source: str) -> list[bool]:
    """Whether each epoch (four batches) trained in training mode."""
    modes = run(source)["modes"]
    assert all(len(set(modes[i : i + 4])) == 1 for i in range(0, len(modes), 4))
    return modes[::4]


def test_bad_trains_one_epoch_in_training_mode(capsys: pytest.CaptureFixture[str]) -> None:
    assert epochs(PAGE.bad[0]) == [True, False, False, False, False]
    assert epochs(PAGE.good[0]) == [True] * 5
    assert len(capsys.readouterr().out.splitlines()) == 10
