"""XFR424: what Keras does with labels of -100."""

from __future__ import annotations

import pytest
from support import rule, run

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
PAGE = rule("XFR424").page


def test_bad_raises() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="-100"):
        run(PAGE.bad[0])


def test_good_skips_them_and_divides_by_all() -> None:
    torch = pytest.importorskip("torch")
    good = run(PAGE.good[0])
    right = torch.nn.functional.cross_entropy(
        torch.tensor(good["logits"]), torch.tensor(good["y"]).long()
    ).item()
    counted, every = (good["y"] != -100).sum(), len(good["y"])
    loss = float(good["loss"])
    assert loss == pytest.approx(right * counted / every) or loss == pytest.approx(right)
