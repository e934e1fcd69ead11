"""XFR421: the sign of cosine similarity."""

from __future__ import annotations

import pytest
from support import rule, run

keras = pytest.importorskip("keras")
PAGE = rule("XFR421").page


def test_the_distance_of_equal_vectors() -> None:
    assert float(run(PAGE.bad[0])["distance"][0]) == pytest.approx(2)
    assert float(run(PAGE.good[0])["distance"][0]) == pytest.approx(0, abs=1e-6)


def test_the_metric_is_positive_and_so_is_torch() -> None:
    torch, np = pytest.importorskip("torch"), pytest.importorskip("numpy")
    a = np.asarray([[1.0, 2.0, 3.0]], "float32")
    metric = keras.metrics.CosineSimilarity()
    metric.update_state(a, a)
    assert float(metric.result()) == pytest.approx(1)
    assert torch.nn.functional.cosine_similarity(torch.tensor(a), torch.tensor(a)).item() == (
        pytest.approx(1)
    )
