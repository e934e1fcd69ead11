"""XFR405: what a loss of swapped arguments is, and which losses do not mind."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR405").page


def test_keras_swapped() -> None:
    pytest.importorskip("tensorflow")
    keras = pytest.importorskip("keras")
    bad, good = run(PAGE.bad[0]), run(PAGE.good[0])
    right = keras.losses.BinaryCrossentropy()
    assert float(good["loss"]) < 0.5
    assert float(right(bad["y"], bad["model"](bad["x"]))) > 2 * float(good["loss"])
    assert float(bad["loss"]) > 3


def test_torch_swapped() -> None:
    torch = pytest.importorskip("torch")
    right = torch.nn.functional.binary_cross_entropy_with_logits
    bad, good = run(PAGE.bad[1]), run(PAGE.good[1])
    assert right(good["model"](good["x"]), good["y"]).item() < 0.3
    assert right(bad["model"](bad["x"]), bad["y"]).item() > 2
    assert bad["loss"].item() < 0


@pytest.mark.parametrize(
    ("name", "symmetric"),
    [
        ("MeanSquaredError", True),
        ("MeanAbsoluteError", True),
        ("MeanSquaredLogarithmicError", True),
        ("Huber", True),
        ("LogCosh", True),
        ("BinaryCrossentropy", False),
        ("CategoricalCrossentropy", False),
        ("BinaryFocalCrossentropy", False),
        ("CategoricalFocalCrossentropy", False),
        ("KLDivergence", False),
        ("Poisson", False),
        ("Hinge", False),
        ("SquaredHinge", False),
        ("MeanAbsolutePercentageError", False),
    ],
)
def test_which_losses_are_symmetric(name: str, symmetric: bool) -> None:
    keras, np = pytest.importorskip("keras"), pytest.importorskip("numpy")
    target = np.eye(3, dtype="float32")
    output = np.asarray([[0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0.6, 0.1, 0.3]], "float32")
    loss = getattr(keras.losses, name)()
    right, wrong = float(loss(target, output)), float(loss(output, target))
    assert (right == pytest.approx(wrong, rel=1e-3)) is symmetric
