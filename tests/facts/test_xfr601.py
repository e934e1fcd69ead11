"""XFR601: what a dropped result leaves."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR601").page


@pytest.mark.parametrize(("program", "kept"), [(PAGE.bad[0], True), (PAGE.good[0], False)])
def test_torch_tensor_is_as_before(program: str, kept: bool) -> None:
    pytest.importorskip("torch")
    y = run(program)["y"]
    assert y.requires_grad is kept
    assert y.shape == ((4,) if kept else (1, 4))


@pytest.mark.parametrize(("program", "kept"), [(PAGE.bad[1], True), (PAGE.good[1], False)])
def test_tensorflow_tensor_is_as_before(program: str, kept: bool) -> None:
    tf = pytest.importorskip("tensorflow")
    assert (run(program)["y"].dtype == tf.float64) is kept


def test_modules_move_in_place() -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Linear(2, 2)
    module.double()
    assert module.weight.dtype is torch.float64


def test_dataset_is_as_before() -> None:
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.range(100)
    data.shuffle(100, seed=1)
    assert [int(n) for n in data] == list(range(100))
    assert [int(n) for n in data.shuffle(100, seed=1)] != list(range(100))
