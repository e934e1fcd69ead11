"""A mistake in a loss is named, and mended it shows the drop, whichever side is the port."""

import keras
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from keras import layers as L
from torch import nn

from pytest_gradferry.parity.report import ParityReport


def linear(*last):
    return nn.Sequential(nn.Linear(5, 4), *last)


def dense(*last):
    return keras.Sequential([L.Input((5,)), L.Dense(4), *last])


@pytest.fixture
def x(rng):
    return rng.normal(size=(6, 5))


CLASSES = np.array([0, 3, 1, 1, 2, 0])
WEIGHTS = [1.0, 2.0, 0.5, 4.0]
ONE_HOT = np.eye(4)[CLASSES]
BINARIES = np.random.default_rng(2).integers(0, 2, (6, 4)).astype(float)
REALS = 2 * np.random.default_rng(3).normal(size=(6, 4))
DISTRIBUTIONS = np.random.default_rng(1).dirichlet(np.ones(4), 6)

Sparse = keras.losses.SparseCategoricalCrossentropy
Categorical = keras.losses.CategoricalCrossentropy
Binary = keras.losses.BinaryCrossentropy
Divergence = keras.losses.KLDivergence


def weighted(target, output):
    loss = Sparse(from_logits=True)
    return loss(target, output, sample_weight=keras.ops.take(WEIGHTS, target))


def log_divergence(output, target):
    return F.kl_div(F.log_softmax(output, 1), target, reduction="batchmean")


def divergence(target, output):
    return Divergence()(target, keras.ops.softmax(output))


# torch's, Keras', targets, what the cause says with Keras as the port, and with torch as the port.
WRONG = {
    "logits taken for probabilities": (
        nn.CrossEntropyLoss(),
        Sparse(),
        CLASSES,
        "port's Keras loss has from_logits=False",
        "reference's Keras loss has from_logits=False",
    ),
    "logits taken for probabilities, in a function": (
        F.cross_entropy,
        lambda t, o: keras.losses.sparse_categorical_crossentropy(t, o),
        CLASSES,
        "port's Keras loss has from_logits=False",
        "reference's Keras loss has from_logits=False",
    ),
    "binary logits": (
        nn.BCEWithLogitsLoss(),
        Binary(),
        BINARIES,
        "port's Keras loss has from_logits=False",
        "reference's Keras loss has from_logits=False",
    ),
    "logits taken for log-probabilities": (
        nn.NLLLoss(),
        Sparse(from_logits=True),
        CLASSES,
        "the reference's torch loss (nll_loss) takes log-probabilities, and is given logits",
        "the port's torch loss (nll_loss) takes log-probabilities, and is given logits",
    ),
    "label smoothing": (
        nn.CrossEntropyLoss(label_smoothing=0.1),
        Categorical(from_logits=True),
        ONE_HOT,
        "label smoothing of the port's loss is 0, the reference's 0.1",
        "label smoothing of the port's loss is 0.1, the reference's 0",
    ),
    "label smoothing of classes": (
        nn.CrossEntropyLoss(label_smoothing=0.2),
        Sparse(from_logits=True),
        CLASSES,
        "label smoothing of the port's loss is 0, the reference's 0.2",
        "label smoothing of the port's loss is 0.2, the reference's 0",
    ),
    "label smoothing of binaries": (
        nn.BCEWithLogitsLoss(),
        Binary(from_logits=True, label_smoothing=0.1),
        BINARIES,
        "label smoothing of the port's loss is 0.1, the reference's 0",
        "label smoothing of the port's loss is 0, the reference's 0.1",
    ),
    "a class left out": (
        nn.CrossEntropyLoss(ignore_index=1),
        Sparse(from_logits=True),
        CLASSES,
        "the port's loss takes every target, the reference's leaves out those of 1",
        "the port's loss leaves out targets of 1, the reference's takes every one",
    ),
    "class weights": (
        nn.CrossEntropyLoss(torch.tensor(WEIGHTS)),
        Sparse(from_logits=True),
        CLASSES,
        "the reference's loss has class weights, the port's none",
        "the port's loss has class weights, the reference's none",
    ),
    "sample weights": (
        nn.CrossEntropyLoss(),
        weighted,
        CLASSES,
        "the port's loss has sample weights, the reference's none",
        "the reference's loss has sample weights, the port's none",
    ),
    "weight of the positives": (
        nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0])),
        Binary(from_logits=True),
        BINARIES,
        "the reference's loss has pos_weight=3, the port's none",
        "the port's loss has pos_weight=3, the reference's none",
    ),
    "a sum over the samples": (
        nn.CrossEntropyLoss(),
        Sparse(from_logits=True, reduction="sum"),
        CLASSES,
        "the port's loss is a sum over the samples (6), the reference's a mean",
        "the reference's loss is a sum over the samples (6), the port's a mean",
    ),
    "a sum over all elements": (
        nn.MSELoss(reduction="sum"),
        keras.losses.MeanSquaredError(),
        REALS,
        "the reference's loss is a sum over all elements (24), the port's a mean",
        "the port's loss is a sum over all elements (24), the reference's a mean",
    ),
    "sums of other things": (
        nn.MSELoss(reduction="sum"),
        keras.losses.MeanSquaredError(reduction="sum"),
        REALS,
        "Keras' sum adds up means over the last axis (4), torch's sum adds all elements",
        "Keras' sum adds up means over the last axis (4), torch's sum adds all elements",
    ),
    "a sum by hand": (
        lambda o, t: ((o - t) ** 2).sum(),
        lambda t, o: keras.ops.mean((o - t) ** 2),
        REALS,
        "the reference's loss is a sum over all elements (24), the port's a mean",
        "the port's loss is a sum over all elements (24), the reference's a mean",
    ),
    "divergence as a mean": (
        lambda o, t: F.kl_div(F.log_softmax(o, 1), t),
        divergence,
        DISTRIBUTIONS,
        "torch's kl_div divides by all elements, Keras' by the samples alone (4 times fewer)",
        "torch's kl_div divides by all elements, Keras' by the samples alone (4 times fewer)",
    ),
    "divergence of probabilities": (
        lambda o, t: F.kl_div(F.softmax(o, 1), t, reduction="batchmean"),
        divergence,
        DISTRIBUTIONS,
        "the reference's torch loss (kl_div) takes log-probabilities, and is given probabilities",
        "the port's torch loss (kl_div) takes log-probabilities, and is given probabilities",
    ),
    "divergence of logarithms": (
        log_divergence,
        lambda t, o: Divergence()(t, keras.ops.log_softmax(o)),
        DISTRIBUTIONS,
        "the port's Keras KLDivergence takes probabilities, and is given their logarithms",
        "the reference's Keras KLDivergence takes probabilities, and is given their logarithms",
    ),
    "arguments swapped": (
        log_divergence,
        lambda t, o: Divergence()(keras.ops.softmax(o), t),
        DISTRIBUTIONS,
        "the port's loss takes (target, output) and is called the other way round",
        "the reference's loss takes (target, output) and is called the other way round",
    ),
    "threshold of huber": (
        nn.HuberLoss(delta=0.5),
        keras.losses.Huber(),
        REALS,
        "delta of the port's loss is 1, the reference's 0.5",
        "delta of the port's loss is 0.5, the reference's 1",
    ),
    "smooth l1": (
        nn.SmoothL1Loss(beta=0.5),
        keras.losses.Huber(delta=0.5),
        REALS,
        "torch's SmoothL1Loss(beta=0.5) is Huber(delta=0.5) / 0.5; Keras' has delta=0.5",
        "torch's SmoothL1Loss(beta=0.5) is Huber(delta=0.5) / 0.5; Keras' has delta=0.5",
    ),
    "smooth l1 of another threshold": (
        nn.SmoothL1Loss(beta=0.5),
        keras.losses.Huber(),
        REALS,
        "torch's SmoothL1Loss(beta=0.5) is Huber(delta=0.5) / 0.5; Keras' has delta=1",
        "torch's SmoothL1Loss(beta=0.5) is Huber(delta=0.5) / 0.5; Keras' has delta=1",
    ),
    "half of it": (
        lambda o, t: 0.5 * F.mse_loss(o, t),
        keras.losses.MeanSquaredError(),
        REALS,
        "the port's loss and all its gradients are 2 times the reference's",
        "the port's loss and all its gradients are 0.5 times the reference's",
    ),
    "the wrong sign": (
        lambda o, t: -F.cosine_similarity(o, t).mean(),
        lambda t, o: -keras.losses.CosineSimilarity()(t, o),
        REALS,
        "the port's loss and all its gradients are -1 times the reference's",
        "the port's loss and all its gradients are -1 times the reference's",
    ),
    "a constant": (
        lambda o, t: 1 - F.cosine_similarity(o, t).mean(),
        keras.losses.CosineSimilarity(),
        REALS,
        "the port's loss is the reference's -1, with the same gradients",
        "the port's loss is the reference's +1, with the same gradients",
    ),
    "another loss": (
        nn.L1Loss(),
        keras.losses.MeanSquaredError(),
        REALS,
        "the port's loss is mse, the reference's l1",
        "the port's loss is l1, the reference's mse",
    ),
}


def causes(report: ParityReport, rung="loss") -> list[str]:
    """Of a report that failed at `rung`, each drop checked."""
    assert report.failed_rung == rung, report.text()
    assert not report.unexplained, report.text()
    for finding in report.findings:
        assert finding.before > 1e-7 > finding.after, report.text()
    return [finding.cause for finding in report.findings]


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")  # torch's of kl_div
@pytest.mark.parametrize("to_keras", [True, False], ids=["to_keras", "to_torch"])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_loss_is_named(parity, x, name, to_keras):
    theirs, ours, y, in_keras, in_torch = WRONG[name]
    models = (linear(), dense()) if to_keras else (dense(), linear())
    report = parity.report(*models, x, y, loss=(theirs, ours), steps=2)
    (cause,) = causes(report)
    assert (in_keras if to_keras else in_torch) in cause


@pytest.mark.parametrize("to_keras", [True, False], ids=["to_keras", "to_torch"])
@pytest.mark.parametrize(
    ("last", "theirs", "ours", "y", "rule", "cause"),
    [
        (nn.Softmax(1), nn.CrossEntropyLoss(), Sparse(), CLASSES, "XFR401", "in a softmax"),
        (nn.Sigmoid(), nn.BCEWithLogitsLoss(), Binary(), BINARIES, "XFR406", "in a sigmoid"),
        (nn.Softmax(1), nn.NLLLoss(), Sparse(), CLASSES, "XFR404", "given probabilities"),
        (
            nn.Sigmoid(),
            nn.BCELoss(),
            lambda t, o: keras.losses.binary_crossentropy(t, o * 1.0, from_logits=True),
            BINARIES,
            "XFR403",
            "from_logits=True",
        ),
    ],
)
def test_probabilities_for_logits(parity, x, last, theirs, ours, y, rule, cause, to_keras):
    name = "softmax" if isinstance(last, nn.Softmax) else "sigmoid"
    models = linear(last), dense(L.Activation(name))
    models = models if to_keras else models[::-1]
    report = parity.report(*models, x, y, loss=(theirs, ours), steps=2)
    (said,) = causes(report)
    assert cause in said
    assert report.findings[0].rule == rule


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("to_keras", [True, False], ids=["to_keras", "to_torch"])
def test_targets_that_broadcast(parity, x, to_keras):
    theirs = nn.Sequential(nn.Linear(5, 1))
    ours = keras.Sequential([L.Input((5,)), L.Dense(1)])
    models = (theirs, ours) if to_keras else (ours, theirs)
    losses = nn.MSELoss(), keras.losses.MeanSquaredError()
    (cause,) = causes(parity.report(*models, x, REALS[:, 0], loss=losses, steps=2))
    assert cause == "targets of shape (6,) are broadcast against outputs of shape (6, 1)"


def test_probabilities_that_keras_clips(parity, rng):
    theirs, ours = linear(nn.Sigmoid()), dense(L.Activation("sigmoid"))
    # By hand, or Keras would take the sigmoid back off its outputs.
    losses = nn.BCELoss(), lambda t, o: Binary()(t, o * 1.0)
    x = 60 * rng.normal(size=(6, 5))
    (cause,) = causes(parity.report(theirs, ours, x, BINARIES, loss=losses, steps=1))
    assert "within 1e-7 of 0 or 1, where Keras' loss clips them" in cause


def two_outputs():
    class Torch(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(5, 4), nn.Linear(5, 1)

        def forward(self, x):
            return {"a": self.a(x), "b": self.b(x)}

    inputs = L.Input((5,))
    port = keras.Model(inputs, {"a": L.Dense(4)(inputs), "b": L.Dense(1)(inputs)})
    return Torch(), port, {"a": CLASSES, "b": REALS[:, :1]}


def test_one_of_two_outputs(parity, x):
    theirs, ours, y = two_outputs()
    losses = {"a": (nn.CrossEntropyLoss(), Sparse()), "b": (nn.HuberLoss(), "huber")}
    (cause,) = causes(parity.report(theirs, ours, x, y, loss=losses, steps=2))
    assert "from_logits=False" in cause


def test_mistakes_one_after_the_other(parity, x):
    """The first is the larger by far; the second is what is left of the difference."""
    losses = nn.CrossEntropyLoss(label_smoothing=0.1), Categorical()
    report = parity.report(linear(), dense(), x, ONE_HOT, loss=losses, steps=2)
    assert [finding.change for finding in report.findings] == [
        "from_logits=True",
        "label_smoothing=0.1",
    ]
    assert report.findings[0].after == report.findings[1].before > 1e-7 > report.findings[1].after
    assert not report.unexplained


def test_mistakes_that_hide_each_other(parity, x):
    """Neither makes the difference drop alone: each is measured with the other mended."""
    theirs, ours, y = two_outputs()
    losses = {
        "a": (nn.CrossEntropyLoss(), Sparse()),
        "b": (nn.HuberLoss(delta=2.0), keras.losses.Huber()),
    }
    report = parity.report(theirs, ours, x, y, loss=losses, steps=2)
    found = causes(report)
    assert [cause.split(" of ")[0] for cause in found] == [
        "the port's Keras loss has from_logits=False",
        "delta",
    ]
    assert all("the others mended" in str(finding) for finding in report.findings)


def test_an_unknown_difference_is_not_guessed(parity, x):
    losses = (
        lambda o, t: ((o - t) ** 2).mean(),
        lambda t, o: keras.ops.mean((o - t) ** 2 + keras.ops.sin(o)),
    )
    report = parity.report(linear(), dense(), x, REALS, loss=losses, steps=2)
    assert report.failed_rung == "loss"
    assert report.findings == []
    assert "no known cause" in report.unexplained
