"""XFR401: what cross-entropy on softmax outputs learns."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
PAGE = rule("XFR401").page


def test_bad_stays_above_the_floor_that_good_passes() -> None:
    bad, good = run(PAGE.bad[0]), run(PAGE.good[0])
    floor = torch.nn.functional.cross_entropy(torch.eye(4), torch.arange(4)).item()
    assert floor == pytest.approx(0.744, abs=1e-3)
    assert bad["loss"].item() > floor
    assert good["loss"].item() < 0.5 * floor


def test_bad_starts_with_a_fraction_of_the_gradient() -> None:
    norms = {}
    for name, program in (("bad", PAGE.bad[0]), ("good", PAGE.good[0])):
        names = run(program.replace("range(300)", "range(1)"))
        weights = names["model"].parameters()
        norms[name] = torch.cat([w.grad.flatten() for w in weights]).norm().item()
    assert 0 < norms["bad"] < 0.5 * norms["good"]


def test_log_softmax_is_harmless() -> None:
    logits, target = torch.randn(8, 4), torch.arange(8) % 4
    cross_entropy = torch.nn.functional.cross_entropy
    right = cross_entropy(logits, target)
    assert cross_entropy(logits.log_softmax(1), target).item() == pytest.approx(right.item())
    assert cross_entropy(logits.softmax(1), target).item() != pytest.approx(right.item(), rel=0.05)
