"""XFR312: which modules an assignment to `training` reaches."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR312").page


@pytest.mark.parametrize(("program", "share"), [(PAGE.bad[0], 0.5), (PAGE.good[0], 0.0)])
def test_dropout_in_a_torch_model(program: str, share: float) -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    assert float(run(program)["zeros"]) == pytest.approx(share, abs=0.15)


def test_a_single_layer_is_told() -> None:
    torch = pytest.importorskip("torch")
    drop = torch.nn.Dropout(0.5)
    drop.training = False
    assert torch.equal(drop(torch.ones(100)), torch.ones(100))


@pytest.mark.parametrize(("program", "share"), [(PAGE.bad[1], 0.0), (PAGE.good[1], 0.5)])
def test_dropout_in_a_keras_model(program: str, share: float) -> None:
    pytest.importorskip("keras")
    assert float(run(program)["zeros"]) == pytest.approx(share, abs=0.15)
