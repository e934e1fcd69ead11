"""XFR229: what becomes of a weight that is bound anew."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR229").page


def moved(program: str) -> float:
    torch = pytest.importorskip("torch")
    names = run(program)
    with torch.no_grad():
        return sum(
            float((new - old).abs().sum())
            for new, old in zip(names["model"].parameters(), names["before"], strict=True)
        )


def test_the_model_keeps_its_weights() -> None:
    assert moved(PAGE.bad[0]) == 0
    assert moved(PAGE.good[0]) > 0.1


def test_the_second_gradient_is_none() -> None:
    pytest.importorskip("tensorflow")
    assert [g is None for g in run(PAGE.bad[1])["gradients"]] == [False, True, True]
    assert [float(g) for g in run(PAGE.good[1])["gradients"]] == pytest.approx([6.0, 4.8, 3.84])


def test_keras_weights_stay_too() -> None:
    pytest.importorskip("tensorflow")
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    before = model.trainable_variables[0].numpy()
    for w in model.trainable_variables:
        w = w - 1.0
    for w in model.trainable_variables:
        w -= 1.0
    assert (model.trainable_variables[0].numpy() == before).all()


def test_in_place_raises() -> None:
    torch = pytest.importorskip("torch")
    tf = pytest.importorskip("tensorflow")
    w = torch.tensor(3.0, requires_grad=True)
    (w * w).backward()
    with pytest.raises(RuntimeError, match="in-place operation"):
        w -= 0.1 * w.grad
    v = tf.Variable(3.0)
    with pytest.raises(RuntimeError, match="is not supported"):
        v -= 0.1


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_torch_has_no_gradient_for_the_second_step() -> None:
    torch = pytest.importorskip("torch")
    w = torch.tensor(3.0, requires_grad=True)
    (w * w).backward()
    w = w - 0.1 * w.grad
    (w * w).backward()
    assert w.grad is None
