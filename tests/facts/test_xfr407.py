"""XFR407: what KL divergence gives for probabilities and for their logarithms."""

from __future__ import annotations

import math

import pytest
from support import rule, run

PAGE = rule("XFR407").page


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    kl_div = torch.nn.functional.kl_div
    p = torch.tensor([[0.2, 0.3, 0.5]])
    assert kl_div(p.log(), p, reduction="batchmean").item() == pytest.approx(0)
    assert kl_div(p, p, reduction="batchmean").item() == pytest.approx(-1.41, abs=0.01)
    assert math.isnan(kl_div(p.log(), p.log(), reduction="batchmean").item())
    same = kl_div(p.log(), p.log(), reduction="batchmean", log_target=True)
    assert same.item() == pytest.approx(0)
    assert run(PAGE.bad[0])["loss"].item() < -1
    assert 0 <= run(PAGE.good[0])["loss"].item() < 0.05


def test_keras() -> None:
    keras, np = pytest.importorskip("keras"), pytest.importorskip("numpy")
    p = np.asarray([[0.2, 0.3, 0.5]], "float32")
    loss = keras.losses.KLDivergence()
    assert float(loss(p, p)) == pytest.approx(0, abs=1e-6)
    assert float(loss(p, np.log(p))) > 10
    bad, good = run(PAGE.bad[1]), run(PAGE.good[1])
    assert bad["history"].history["loss"][-1] > 10
    assert good["history"].history["loss"][-1] < 1
