"""XFR945: what the default reduction of torch's KL divergence divides by."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR945").page


@pytest.mark.filterwarnings("ignore:reduction:UserWarning")
def test_the_mean_is_a_tenth_of_the_divergence_of_ten_classes() -> None:
    good = run(PAGE.good[0])
    log_p, q = good["log_p"], good["q"]
    divergence = (q * (q.log() - log_p)).sum(1).mean().item()
    assert good["loss"].item() == pytest.approx(divergence)
    assert run(PAGE.bad[0])["loss"].item() == pytest.approx(divergence / 10)
