"""What stands between layers and around losses: residuals, scales, logits, reductions; each with a
right twin."""

import keras
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from keras import layers as L
from torch import nn


def only(report, rung):
    assert report.failed_rung == rung, report.text()
    (finding,) = report.findings
    assert finding.before > 1e-3
    assert finding.after < 1e-7
    assert not report.unexplained, report.text()
    return finding


class Blocks(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.convs = nn.ModuleList([nn.Conv2d(6, 6, 3, padding=1) for _ in range(4)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(6) for _ in range(4)])
        self.head = nn.Linear(6, 4)

    def forward(self, x):
        x = self.stem(x)
        for i in (0, 2):
            y = F.relu(self.norms[i](self.convs[i](x)))
            x = F.relu(x + self.norms[i + 1](self.convs[i + 1](y)))
        return self.head(x.mean((2, 3)))


def blocks(*residuals):
    inputs = keras.Input((8, 12, 3))
    x = L.Conv2D(6, 3, padding="same")(inputs)
    for kept in residuals:
        y = x
        for last in (False, True):
            y = L.Conv2D(6, 3, padding="same")(y)
            y = L.BatchNormalization(epsilon=1e-5, momentum=0.9)(y)
            y = L.ReLU()(L.Add()([x, y]) if last and kept else y)
        x = y
    return keras.Model(inputs, L.Dense(4)(L.GlobalAveragePooling2D()(x)))


@pytest.mark.parametrize(
    ("kept", "named"),
    [((False, True), ["convs.0"]), ((True, False), ["convs.2"])],
)
def test_forgotten_residual(parity, rng, kept, named):
    report = parity.report(Blocks(), blocks(*kept), rng.normal(size=(4, 3, 8, 12)))
    assert (
        f"adds the input of {named[0]} to the output of norms."
        in only(report, "forward-eval").cause
    )


def test_every_forgotten_residual(parity, rng):
    report = parity.report(Blocks(), blocks(False, False), rng.normal(size=(4, 3, 8, 12)))
    assert [f.cause.split(" to ")[0][-7:] for f in report.findings] == ["convs.0", "convs.2"]
    assert not report.unexplained


def test_residuals_in_place(parity, rng):
    assert parity(Blocks(), blocks(True, True), rng.normal(size=(4, 3, 8, 12))).passed


class Normalised(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).reshape(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).reshape(1, -1, 1, 1), persistent=False)
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.conv((x - self.mean) / self.std)


@pytest.mark.parametrize(
    ("mean", "std", "said"),
    [
        ([0.0], [255.0], "x * 0.00392157, where"),
        ([1.0], [2.0], "x * 0.5 + -0.5, where"),
        ([0.5, 0.25, 0.125], [0.5, 0.25, 1.0], "x * a + b, with an a and a b of each channel"),
    ],
)
def test_normalisation_left_out(parity, rng, mean, std, said):
    x = rng.normal(size=(2, 3, 8, 8))
    plain = keras.Sequential([L.Input((8, 8, 3)), L.Conv2D(4, 3)])
    finding = only(parity.report(Normalised(mean, std), plain, x), "forward-eval")
    assert f"the reference feeds conv {said}" in finding.cause
    rescaled = keras.Sequential(
        [
            L.Input((8, 8, 3)),
            L.Rescaling((1 / np.array(std)).tolist(), (-np.array(mean) / std).tolist()),
            L.Conv2D(4, 3),
        ]
    )
    assert parity(Normalised(mean, std), rescaled, x).passed


class PooledTorch(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.out = nn.Conv2d(3, 6, 3), nn.Linear(6, 4)

    def forward(self, x):
        return self.out(F.relu(self.conv(x)).mean((2, 3)))


@pytest.mark.parametrize("activation", [None, "relu"])
def test_activation_before_a_mean_over_the_positions(parity, rng, activation):
    port = keras.Sequential([L.Input((8, 12, 3)), L.Conv2D(6, 3, activation=activation, name="c")])
    port.add(L.GlobalAveragePooling2D())
    port.add(L.Dense(4))
    x = rng.normal(size=(4, 3, 8, 12))
    if activation:
        assert parity(PooledTorch(), port, x).passed
    else:
        finding = only(parity.report(PooledTorch(), port, x), "forward-eval")
        assert finding.cause == "after c the port has no activation, the reference relu"


def mlp():
    theirs = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    return theirs, keras.Sequential([L.Input((6,)), L.Dense(8, "relu"), L.Dense(3, name="out")])


@pytest.fixture
def batch(rng):
    return rng.normal(size=(8, 6)), rng.integers(0, 3, 8)


SPARSE = keras.losses.SparseCategoricalCrossentropy


def test_logits_on_purpose(parity, batch):
    """Keras' softmax and torch's logits, each with the loss that fits: only the outputs differ."""
    port, reference = mlp()
    reference.layers[-1].activation = keras.activations.softmax
    losses = (nn.CrossEntropyLoss(), SPARSE())
    finding = only(parity.report(reference, port, *batch, loss=losses), "forward-eval")
    assert finding.cause.startswith("the port returns logits, as its loss takes them")
    assert "port_outputs=" in finding.fix

    def softmax(logits):
        return torch.softmax(torch.from_numpy(logits), -1).numpy()

    assert parity(reference, port, *batch, loss=losses, port_outputs=softmax).passed


@pytest.mark.parametrize("from_logits", [True, False])
def test_softmax_that_the_keras_loss_puts_on_again(parity, batch, from_logits):
    reference, port = mlp()
    port.layers[-1].activation = keras.activations.softmax
    losses = (nn.CrossEntropyLoss(), SPARSE(from_logits=from_logits))
    report = parity.report(reference, port, *batch, loss=losses)
    assert report.failed_rung == "forward-eval"
    first = report.findings[0]
    assert first.fix == "out: activation=None"
    assert first.rule == ("XFR403" if from_logits else None)
    assert len(report.findings) == (1 if from_logits else 2)


@pytest.mark.parametrize("functional", [True, False])
def test_advice_fits_where_the_activation_stands(parity, batch, functional):
    reference, _ = mlp()
    port = keras.Sequential([L.Input((6,)), L.Dense(8, "relu"), L.Dense(3, name="out")])
    port.add(L.Softmax() if functional else L.Activation("softmax"))
    finding = only(parity.report(reference, port, batch[0]), "forward-eval")
    assert finding.fix == "remove the softmax after out"
    hidden = keras.Sequential([L.Input((6,)), L.Dense(8, name="hidden"), L.Dense(3)])
    finding = only(parity.report(reference, hidden, batch[0]), "forward-eval")
    assert finding.fix == 'hidden: activation="relu"'
    hidden = keras.Sequential([L.Input((6,)), L.Dense(8, name="hidden"), L.Activation("tanh")])
    hidden.add(L.Dense(3))
    finding = only(parity.report(reference, hidden, batch[0]), "forward-eval")
    assert finding.fix == 'Activation("relu") in place of the tanh after hidden'


@pytest.mark.parametrize("to_keras", [True, False])
def test_sum_against_mean(parity, batch, to_keras):
    models = mlp() if to_keras else mlp()[::-1]
    losses = (nn.CrossEntropyLoss(), SPARSE(from_logits=True, reduction="sum"))
    finding = only(parity.report(*models, *batch, loss=losses), "loss")
    assert f"the {'port' if to_keras else 'reference'}'s loss is a sum over" in finding.cause
    both = (nn.CrossEntropyLoss(reduction="sum"), losses[1])
    assert parity(*models, *batch, loss=both).passed


def test_a_loss_that_is_off_by_a_factor_is_told_it(parity, batch):
    losses = (lambda o, t: 1.5 * F.cross_entropy(o, t), SPARSE(from_logits=True))
    finding = only(parity.report(*mlp(), *batch, loss=losses), "loss")
    assert finding.change == "the port's loss * 1.5"


def test_a_loss_of_another_formula_is_not_explained_by_a_factor(parity, batch):
    losses = (lambda o, t: F.cross_entropy(o, t) ** 2, SPARSE(from_logits=True))
    report = parity.report(*mlp(), *batch, loss=losses)
    assert report.failed_rung == "loss"
    assert report.findings == []


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_targets_broadcast_in_an_own_loss(parity, rng):
    reference = nn.Sequential(nn.Linear(6, 1))
    port = keras.Sequential([L.Input((6,)), L.Dense(1)])
    x, y = rng.normal(size=(8, 6)), rng.normal(size=8)
    losses = (nn.MSELoss(), keras.losses.MeanSquaredError())
    finding = only(parity.report(reference, port, x, y, loss=losses), "loss")
    assert finding.fix == "give targets of shape (8, 1)"
    assert parity(reference, port, x, y[:, None], loss=losses).passed


def test_what_is_left_out_is_one_line(parity, batch):
    reference, port = mlp()
    port.layers[0].activation = keras.activations.tanh
    text = parity.report(reference, port, batch[0]).text()
    (line,) = (line for line in text.splitlines() if "skipped" in line)
    assert line.startswith("  skipped    forward-train, loss, gradients,")
    assert line.endswith("float32: forward-eval failed")


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 3, padding=1)
        self.out = nn.Linear(8 * 8 * 12, 4)

    def forward(self, x):
        return self.out(torch.cat([F.relu(self.a(x)), F.relu(self.b(x))], 1).flatten(1))


@pytest.mark.parametrize("to_keras", [True, False])
def test_flatten_of_concatenated_channels(parity, rng, to_keras):
    inputs = keras.Input((8, 12, 3))
    a = L.Conv2D(4, 1, activation="relu")(inputs)
    b = L.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    port = keras.Model(inputs, L.Dense(4)(L.Flatten()(L.Concatenate()([a, b]))))
    x = rng.normal(size=(4, 3, 8, 12))
    if to_keras:
        assert parity(Branches(), port, x).passed
    else:
        assert parity(port, Branches(), np.moveaxis(x, 1, -1)).passed
