"""XFR423: what accuracy is when logits are cut at 0.5."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR423").page


def test_keras() -> None:
    keras, np = pytest.importorskip("keras"), pytest.importorskip("numpy")
    labels = np.asarray([[0.0], [0.0], [1.0], [1.0]], "float32")
    logits = np.asarray([[-0.4], [-0.4], [0.4], [0.4]], "float32")
    for metric, right in (
        (keras.metrics.BinaryAccuracy, "threshold"),
        (keras.metrics.Recall, "thresholds"),
    ):
        wrong = metric()
        wrong.update_state(labels, logits)
        assert float(wrong.result()) <= 0.5
        good = metric(**{right: 0.0})
        good.update_state(labels, logits)
        assert float(good.result()) == 1
    names = run(PAGE.bad[0])
    by_hand = ((names["model"](names["x"]).numpy() > 0) == names["y"]).mean()
    assert run(PAGE.good[0])["measured"] == pytest.approx(by_hand)
    assert names["measured"] != pytest.approx(by_hand, abs=1e-3)


def test_torch() -> None:
    pytest.importorskip("torch")
    bad, good = run(PAGE.bad[1]), run(PAGE.good[1])
    right = good["logits"].sigmoid().round().eq(good["y"]).float().mean().item()
    assert good["measured"].item() == pytest.approx(right)
    assert bad["measured"].item() != pytest.approx(right, abs=0.01)
