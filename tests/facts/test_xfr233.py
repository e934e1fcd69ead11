"""XFR233: what a train_step written for Keras 2 logs on Keras 3."""

from __future__ import annotations

import pytest
from support import rule, run

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")

PAGE = rule("XFR233").page


@pytest.mark.filterwarnings("ignore:.*compiled_:UserWarning")
def test_bad_logs_the_mean_output_as_the_loss() -> None:
    history = run(PAGE.bad[0])["history"]
    assert history["loss"] == [0.0]
    assert history["mae"] == [3.0]


def test_good_logs_the_loss() -> None:
    history = run(PAGE.good[0])["history"]
    assert history["loss"] == [9.0]
    assert history["mae"] == [3.0]
