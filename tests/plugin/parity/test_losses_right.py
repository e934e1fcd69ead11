"""Losses that mean the same pass; what the frameworks cannot agree on is explained."""

import keras
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from keras import layers as L
from torch import nn

EXACT = 1e-9


def linear(*last):
    return nn.Sequential(nn.Linear(5, 4), *last)


def dense(*last):
    return keras.Sequential([L.Input((5,)), L.Dense(4), *last])


@pytest.fixture
def x(rng):
    return rng.normal(size=(6, 5))


CLASSES = np.array([0, 3, 1, 1, 2, 0])
WEIGHTS = [1.0, 2.0, 0.5, 4.0]


def distributions():
    numbers = np.random.default_rng(1).random((6, 4))
    return numbers / numbers.sum(axis=1, keepdims=True)


def binaries():
    return np.random.default_rng(2).integers(0, 2, (6, 4)).astype(float)


def reals():
    return 2 * np.random.default_rng(3).normal(size=(6, 4))


def weighted_keras(reduction):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)

    def weighted(target, output):
        return loss(target, output, sample_weight=keras.ops.take(WEIGHTS, target))

    return weighted


PAIRS = {
    "cross entropy": (
        nn.CrossEntropyLoss(),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        CLASSES,
    ),
    "a Keras name": (nn.MSELoss(), "mse", reals()),
    "a Keras function": (F.l1_loss, keras.losses.mean_absolute_error, reals()),
    "label smoothing": (
        nn.CrossEntropyLoss(label_smoothing=0.1),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        distributions(),
    ),
    "left out": (
        nn.CrossEntropyLoss(ignore_index=1),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1),
        CLASSES,
    ),
    "sums": (
        nn.CrossEntropyLoss(reduction="sum"),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum"),
        CLASSES,
    ),
    "one value a sample": (
        nn.CrossEntropyLoss(reduction="none"),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None),
        CLASSES,
    ),
    "class weights": (
        nn.CrossEntropyLoss(weight=torch.tensor(WEIGHTS)),
        weighted_keras("mean_with_sample_weight"),
        CLASSES,
    ),
    "binary": (
        nn.BCEWithLogitsLoss(),
        keras.losses.BinaryCrossentropy(from_logits=True),
        binaries(),
    ),
    "huber": (nn.HuberLoss(delta=0.5), keras.losses.Huber(delta=0.5), reals()),
    "smooth l1": (
        nn.SmoothL1Loss(beta=0.5),
        lambda target, output: keras.losses.Huber(delta=0.5)(target, output) / 0.5,
        reals(),
    ),
    "divergence": (
        lambda output, target: F.kl_div(F.log_softmax(output, 1), target, reduction="batchmean"),
        lambda target, output: keras.losses.KLDivergence()(target, keras.ops.softmax(output)),
        distributions(),
    ),
    "by hand": (
        lambda output, target: ((output - target) ** 4).mean(),
        lambda target, output: keras.ops.mean((output - target) ** 4),
        reals(),
    ),
}


@pytest.mark.parametrize("to_keras", [True, False])
@pytest.mark.parametrize("name", PAIRS)
def test_pairs_that_mean_the_same(parity, x, name, to_keras):
    theirs, ours, y = PAIRS[name]
    models = (linear(), dense()) if to_keras else (dense(), linear())
    report = parity(*models, x, y, loss=(theirs, ours), steps=3, tolerance=EXACT)
    assert report.rung("loss").status == report.rung("curve").status == "pass"


@pytest.mark.parametrize("to_keras", [True, False])
def test_divisor_of_class_weights_is_explained(parity, x, to_keras):
    models = (linear(), dense()) if to_keras else (dense(), linear())
    losses = (nn.CrossEntropyLoss(weight=torch.tensor(WEIGHTS)), weighted_keras("mean"))
    report = parity(*models, x, CLASSES, loss=losses, steps=3, tolerance=EXACT)
    rung = report.rung("loss")
    assert rung.status == "explained"
    assert "sum of the class weights (10.5), Keras by their number (6)" in rung.detail
    assert report.rung("curve").status == "pass"


def test_clipped_targets_of_a_divergence_are_explained(parity, x):
    y = distributions()
    y[0] = [0, 0, 1, 0]
    theirs, ours, _ = PAIRS["divergence"]
    report = parity(linear(), dense(), x, y, loss=(theirs, ours), steps=3, tolerance=EXACT)
    assert report.rung("loss").status == "explained"
    assert "clips targets" in report.rung("loss").detail


class TwoHeadsTorch(nn.Module):
    def __init__(self):
        super().__init__()
        self.kind, self.size = nn.Linear(5, 4), nn.Linear(5, 1)

    def forward(self, x):
        return {"kind": self.kind(x), "size": self.size(x)}


def two_heads_keras():
    inputs = L.Input((5,))
    return keras.Model(inputs, {"kind": L.Dense(4)(inputs), "size": L.Dense(1)(inputs)})


def two_targets():
    return {"kind": CLASSES, "size": reals()[:, :1]}


@pytest.mark.parametrize("to_keras", [True, False])
@pytest.mark.parametrize(
    "loss",
    [
        {"kind": "cross_entropy", "size": "mse"},
        {"kind": PAIRS["cross entropy"][:2], "size": "huber"},
        (
            {"kind": nn.CrossEntropyLoss(), "size": nn.MSELoss()},
            {
                "kind": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                "size": "mse",
            },
        ),
        (
            lambda o, t: (
                F.cross_entropy(o["kind"], t["kind"]) + 3 * F.mse_loss(o["size"], t["size"])
            ),
            lambda t, o: keras.ops.mean(
                keras.losses.sparse_categorical_crossentropy(
                    t["kind"], o["kind"], from_logits=True
                )
            )
            + 3 * keras.losses.MeanSquaredError()(t["size"], o["size"]),
        ),
    ],
    ids=["names", "names and pairs", "dicts", "functions"],
)  # fmt: skip
def test_several_outputs(parity, x, loss, to_keras):
    models = TwoHeadsTorch(), two_heads_keras()
    models = models if to_keras else models[::-1]
    parity(*models, x, two_targets(), loss=loss, steps=3, tolerance=EXACT)


def test_outputs_in_a_list(parity, x):
    class Torch(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(5, 4), nn.Linear(5, 1)

        def forward(self, x):
            return self.a(x), self.b(x)

    inputs = L.Input((5,))
    port = keras.Model(inputs, [L.Dense(4)(inputs), L.Dense(1)(inputs)])
    losses = [nn.CrossEntropyLoss(), nn.L1Loss()], [PAIRS["cross entropy"][1], "mae"]
    y = (CLASSES, reals()[:, :1])
    parity(Torch(), port, x, y, loss=losses, steps=3, tolerance=EXACT)


def test_sample_weights_with_the_targets(parity, x):
    def theirs(output, target):
        return (target["w"] * F.cross_entropy(output, target["y"], reduction="none")).mean()

    ours_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def ours(target, output):
        return ours_loss(target["y"], output, sample_weight=target["w"])

    y = {"y": CLASSES, "w": np.linspace(0.5, 2, 6)}
    parity(linear(), dense(), x, y, loss=(theirs, ours), steps=3, tolerance=EXACT)


def test_segmentation_with_class_weights(parity, rng):
    reference = nn.Sequential(nn.Conv2d(3, 4, 1))
    port = keras.Sequential([L.Input((4, 6, 3)), L.Conv2D(4, 1)])
    x, y = rng.normal(size=(2, 3, 4, 6)), rng.integers(0, 4, (2, 4, 6))
    losses = (nn.CrossEntropyLoss(torch.tensor(WEIGHTS)), weighted_keras("mean"))
    report = parity(reference, port, x, y, loss=losses, steps=3, tolerance=EXACT)
    assert report.rung("loss").status == "explained"


def test_the_users_losses_stay_as_they_were(parity, x):
    theirs = nn.CrossEntropyLoss(weight=torch.tensor(WEIGHTS))
    ours = keras.losses.SparseCategoricalCrossentropy()
    functions = keras.losses.mean_squared_error, keras.losses.Loss.__call__
    assert not parity.report(linear(), dense(), x, CLASSES, loss=(theirs, ours)).passed
    assert theirs.weight.dtype == torch.float32
    assert ours.dtype == "float32"
    assert ours._fn_kwargs["from_logits"] is False
    assert functions == (keras.losses.mean_squared_error, keras.losses.Loss.__call__)


def test_bad_structures_are_said(parity, x):
    with pytest.raises(ValueError, match=r"losses for \['kind', 'length'\]: outputs and targets"):
        parity(
            TwoHeadsTorch(),
            two_heads_keras(),
            x,
            two_targets(),
            loss={"kind": "cross_entropy", "length": "mse"},
        )
    with pytest.raises(ValueError, match="give a loss for each"):
        parity(TwoHeadsTorch(), two_heads_keras(), x, two_targets(), loss="mse")


def test_negative_targets_get_a_hint(parity, x):
    y = CLASSES.copy()
    y[0] = -100
    losses = nn.CrossEntropyLoss(), PAIRS["cross entropy"][1]
    with pytest.raises(ValueError, match="left out by ignore_class=-100 in Keras"):
        parity(linear(), dense(), x, y, loss=losses)


def test_a_loss_with_float32_constants_is_compared_in_float32(parity, x):
    scale = keras.ops.convert_to_tensor(np.float32(0.5))

    def ours(target, output):
        return keras.ops.mean((output - target) ** 2 * scale)

    def theirs(output, target):
        return ((output - target) ** 2).mean() / 2

    report = parity(linear(), dense(), x, reals(), loss=(theirs, ours), steps=3)
    assert report.dtype == "float32"
    assert report.rung("curve").status == "pass"
